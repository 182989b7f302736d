// `PolyglotWorkflow` in JavaScript. The same workflow, step by step, is in ../../python/polyglot.py.
import { Canceled } from './durable/failure.js';
import { workflow } from './durable/definition.js';

class PolyglotWorkflow {
  static description = 'Greets somebody, takes a nap, and waits for an approval.';
  static signals = { approve: 'Ends the wait; the argument says who approves.' };
  static queries = { status: 'The step that the workflow is at.' };

  step = 'started';

  status() {
    return this.step;
  }

  async run(context, order) {
    const startedAt = new Date();
    try {
      this.step = 'greeting';
      const greeting = await context.activity('Greet', order.name, { startToCloseMs: 10_000, maximumAttempts: 3 });
      this.step = 'napping';
      await context.sleep(order.nap_ms);
      this.step = 'waiting-for-approval';
      const approvedBy = await context.signal('approve');
      this.step = 'done';
      return {
        greeting,
        approved_by: approvedBy,
        random: Math.random(),
        started_at: startedAt.toISOString(),
      };
    } catch (error) {
      if (error instanceof Canceled) this.step = 'canceled';
      throw error;
    }
  }
}

workflow(PolyglotWorkflow);
