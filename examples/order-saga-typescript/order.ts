// An order as a saga: three steps, which are undone when a later one fails or the customer changes their mind.
import { ApplicationFailure, Context } from '@wrt/sdk/activity';
import {
  CancellationScope,
  defineQuery,
  defineSignal,
  describeWorkflow,
  isCancellation,
  log,
  proxyActivities,
  type Saga,
  saga,
  setHandler,
  sleep,
} from '@wrt/sdk/workflow';

/** The input of the workflow. */
export interface Order {
  /** Who orders. */
  user_id: string;
  /** The articles, each as often as it is wanted. */
  items: string[];
  /** The price of everything, in cents. */
  amount: number;
  /** How long the customer may change their mind, in milliseconds. */
  pause_ms?: number;
  /** The task queue that serves `FreezePayment`, when it is not the queue of the workflow. */
  payment_task_queue?: string | null;
}

/** The result of the workflow: the ids that the books and the bank gave. */
export interface Receipt {
  order_id: string;
  reserve_id: string;
  freeze_id: string;
}

export type Step =
  | 'started'
  | 'creating_order'
  | 'reserving_inventory'
  | 'pausing'
  | 'freezing_payment'
  | 'compensating'
  | 'completed'
  | 'compensated';

/** The answer to the query `status`. */
export interface Status {
  step: Step;
  /** Why it did not come to its good end. */
  error: string | null;
}

export const cancelOrder = defineSignal<[string]>('cancel-order', { description: 'The customer changes their mind.' });
export const getStatus = defineQuery<Status>('status', { description: 'How far the order is.' });

// === The workflow ===

const DEFAULT_PAUSE_MS = 1000;

/** Set once, for every activity. */
const steps = proxyActivities<typeof activities>({
  startToCloseTimeout: '1 minute',
  // What a canceled step has done must be certain, since it may have to be undone.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute', maximumAttempts: 3 },
});

/**
 * Takes an order: writes it down, reserves the articles, freezes the payment. If a step fails, or the signal
 * `cancel-order` comes before the last one is done, the steps so far are undone in reverse order.
 */
export async function OrderWorkflow(order: Order): Promise<Receipt> {
  const status: Status = { step: 'started', error: null };
  // Canceling the scope stops the work in it. Awaiting the work then says how far it came.
  const work = new CancellationScope();
  let canceledBecause: string | undefined;
  setHandler(getStatus, () => status);
  setHandler(cancelOrder, (reason) => {
    log.info('the customer cancels the order', { reason });
    canceledBecause ??= reason;
    work.cancel(reason);
  });
  try {
    const receipt = await work.run(() => fulfil(order, status));
    status.step = 'completed';
    return receipt;
  } catch (error) {
    // Unless the work had failed of itself before it heard of the signal.
    const isByCustomer = canceledBecause !== undefined && isCancellation(error);
    const told = isByCustomer ? ApplicationFailure.nonRetryable(canceledBecause, 'OrderCanceled') : error;
    status.step = 'compensated';
    status.error = inWords(told);
    throw told;
  }
}

describeWorkflow(OrderWorkflow, {
  description: 'Takes an order in three steps, each of which is undone if a later one fails.',
  handlers: [cancelOrder, getStatus],
});

/** The steps, and what undoes them if they fail. */
async function fulfil(order: Order, status: Status): Promise<Receipt> {
  return await saga(async (undo) => {
    try {
      return await takeSteps(order, status, undo);
    } catch (error) {
      status.step = 'compensating';
      throw error;
    }
  });
}

/** Each step feeds the next one, and notes how it is undone. */
async function takeSteps(order: Order, status: Status, undo: Saga): Promise<Receipt> {
  status.step = 'creating_order';
  const created = await steps.CreateOrder(newOrder(order));
  undo.addCompensation(steps.CancelOrder, created);

  status.step = 'reserving_inventory';
  const reserved = await steps.ReserveInventory(reservation(created.order_id, order.items));
  undo.addCompensation(steps.ReleaseInventory, reserved);

  status.step = 'pausing';
  await sleep(order.pause_ms ?? DEFAULT_PAUSE_MS, { summary: "time to change one's mind" });

  status.step = 'freezing_payment';
  const payment = { order_id: created.order_id, user_id: order.user_id, amount: order.amount };
  const taskQueue = order.payment_task_queue ? { taskQueue: order.payment_task_queue } : {};
  const frozen = await steps.FreezePayment.executeWithOptions(taskQueue, [payment]);
  undo.addCompensation(steps.UnfreezePayment, frozen);

  // The signal may have come while the last step was under way.
  const scope = CancellationScope.current();
  if (scope.consideredCancelled) await scope.cancelRequested;
  return { ...created, ...reserved, ...frozen };
}

/** Reads the clock and rolls dice, as any program may: on replay both say the same. */
function newOrder({ user_id, items, amount }: Order): NewOrder {
  const digits = Array.from({ length: 16 }, () => Math.floor(Math.random() * 16).toString(16));
  return { user_id, items, amount, placed_at_ms: Date.now(), reference: digits.join('') };
}

/** Counts the articles. */
function reservation(order_id: string, items: string[]): Reservation {
  const quantities = new Map<string, number>();
  for (const item of items) quantities.set(item, (quantities.get(item) ?? 0) + 1);
  return { order_id, lines: [...quantities].map(([item, quantity]) => ({ item, quantity })) };
}

/** The innermost cause, with its type. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause) return inWords(error.cause);
  return error instanceof ApplicationFailure && error.type ? `${error.type}: ${error.message}` : error.message;
}

// === The activities ===

interface NewOrder {
  user_id: string;
  items: string[];
  amount: number;
  placed_at_ms: number;
  /** Printed on the parcel. */
  reference: string;
}

type OrderCreated = Pick<Receipt, 'order_id'>;
type InventoryReserved = Pick<Receipt, 'reserve_id'>;
type PaymentFrozen = Pick<Receipt, 'freeze_id'>;

interface Reservation {
  order_id: string;
  lines: { item: string; quantity: number }[];
}

interface Payment {
  order_id: string;
  user_id: string;
  amount: number;
}

/** The steps of an order and how each is undone. All of them are idempotent. */
export const activities = {
  CreateOrder: (order: NewOrder): Promise<OrderCreated> => write(order),
  ReserveInventory: (reservation: Reservation): Promise<InventoryReserved> => write(reservation),
  FreezePayment: (payment: Payment): Promise<PaymentFrozen> => write(payment),
  CancelOrder: (order: OrderCreated): Promise<void> => write(order),
  ReleaseInventory: (reserved: InventoryReserved): Promise<void> => write(reserved),
  UnfreezePayment: (frozen: PaymentFrozen): Promise<void> => write(frozen),
};

/** Granted when the component is deployed. */
declare const process: { env: { BOOKS_URL?: string } };

/**
 * Writes one effect into the books: `POST /effects/<activity type>`. A request that is repeated with the same key gets
 * the same answer and has no second effect. Statuses from 400 to 499 are final; after any other one the attempt is
 * worth repeating.
 */
async function write<T>(effect: object): Promise<T> {
  const { info, cancellationSignal } = Context.current();
  const base = process.env.BOOKS_URL;
  if (!base) {
    const message = 'the environment has no BOOKS_URL; grant it with the deployment';
    throw ApplicationFailure.retryable(message, 'NotConfigured');
  }
  const answer = await fetch(`${base}/effects/${info.activityType}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': info.idempotencyKey,
      'workflow-id': info.workflowExecution.workflowId,
    },
    body: JSON.stringify(effect),
    signal: cancellationSignal,
  });
  const body = await answer.json();
  if (answer.ok) return body as T;
  const { error, message } = body as { error: string; message: string };
  const isFinal = answer.status >= 400 && answer.status < 500;
  throw ApplicationFailure.create({ type: error, message, nonRetryable: isFinal });
}
