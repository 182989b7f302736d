// The HTTP API, as the tests use it: to prepare what the page shows, and to be a worker by hand.

const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';
const FORM = 'application/json+no-payload-shorthand';

export const payload = (value) => ({ metadata: { encoding: btoa('json/plain') }, data: Buffer.from(JSON.stringify(value)).toString('base64') });
export const binary = (bytes, encoding = 'binary/plain') => ({ metadata: { encoding: btoa(encoding) }, data: Buffer.from(bytes).toString('base64') });
export const payloads = (...values) => ({ payloads: values.map(payload) });

export class Api {
  constructor(server, namespace = 'default') {
    this.server = server;
    this.namespace = namespace;
  }

  async call(path, body, method = body === undefined ? 'GET' : 'POST') {
    const url = `http://${this.server.address}/api/v1${path}`;
    const response = await fetch(url, { method, headers: { accept: FORM, 'content-type': FORM, 'grpc-timeout': '60S' }, body: body === undefined ? undefined : JSON.stringify(body) });
    const value = await response.json();
    if (!response.ok) throw Object.assign(new Error(`${path}: ${value.message}`), { code: value.code });
    return value;
  }

  get = (path) => this.call(`/namespaces/${encodeURIComponent(this.namespace)}${path}`);
  post = (path, body) => this.call(`/namespaces/${encodeURIComponent(this.namespace)}${path}`, body);
  by = (method, body) => this.call(`/${SERVICE}/${method}`, { namespace: this.namespace, ...body });

  /** Starts a run; the input is one payload or a value. */
  start(workflowId, type, queue, input, more = {}) {
    const input_ = input?.payloads ? input : input === undefined ? undefined : payloads(input);
    return this.post(`/workflows/${encodeURIComponent(workflowId)}`, { workflowType: { name: type }, taskQueue: { name: queue }, input: input_, identity: 'tests', ...more });
  }

  order(workflowId, pauseMs, more = {}) {
    return this.start(workflowId, 'OrderWorkflow', 'orders', { user_id: 'ada', items: ['cable', 'keyboard'], amount: 4200, pause_ms: pauseMs, ...more });
  }

  signal(workflowId, name, value) {
    return this.post(`/workflows/${encodeURIComponent(workflowId)}/signal/${encodeURIComponent(name)}`, { input: value === undefined ? undefined : payloads(value), identity: 'tests' });
  }

  async describe(workflowId) {
    return (await this.get(`/workflows/${encodeURIComponent(workflowId)}`)) ?? {};
  }

  async status(workflowId) {
    return (await this.describe(workflowId)).workflowExecutionInfo.status.replace('WORKFLOW_EXECUTION_STATUS_', '');
  }

  history(workflowId) {
    return this.get(`/workflows/${encodeURIComponent(workflowId)}/history?maximumPageSize=1000`).then((page) => page.history.events);
  }

  /** Waits for a state; every wait has an end. */
  async until(what, holds, patienceMs = 20_000) {
    const end = Date.now() + patienceMs;
    for (;;) {
      if (await holds()) return;
      if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Takes the next workflow task of a queue, and completes it with these commands. */
  async decide(queue, commands) {
    const task = await this.by('PollWorkflowTaskQueue', { taskQueue: { name: queue }, identity: 'by-hand' });
    if (!task.taskToken) throw new Error(`no workflow task on ${queue}`);
    await this.by('RespondWorkflowTaskCompleted', { taskToken: task.taskToken, identity: 'by-hand', commands });
    return task;
  }

  /** Takes the next workflow task that brings an update; questions that come before it are answered with nothing. */
  async taskWithMessages(queue) {
    for (;;) {
      const task = await this.by('PollWorkflowTaskQueue', { taskQueue: { name: queue }, identity: 'by-hand' });
      if (!task.taskToken) throw new Error(`no workflow task on ${queue}`);
      if (task.messages) return task;
      await this.by('RespondQueryTaskCompleted', { taskToken: task.taskToken, completedType: 'QUERY_RESULT_TYPE_FAILED', errorMessage: 'unknown' });
    }
  }

  /** Takes the next activity task of a queue. */
  takeActivity(queue) {
    return this.by('PollActivityTaskQueue', { taskQueue: { name: queue }, identity: 'by-hand' });
  }
}

/** A command that schedules an activity, which nobody runs by itself. */
export const activity = (id, type, queue, more = {}) => ({
  commandType: 'COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK',
  scheduleActivityTaskCommandAttributes: { activityId: id, activityType: { name: type }, taskQueue: { name: queue }, startToCloseTimeout: '600s', scheduleToCloseTimeout: '3600s', ...more },
});

export const child = (id, type, queue) => ({
  commandType: 'COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION',
  startChildWorkflowExecutionCommandAttributes: { workflowId: id, workflowType: { name: type }, taskQueue: { name: queue } },
});
