'use strict';
(() => {
  const { __random: random, __position: position } = globalThis;
  delete globalThis.__random;
  delete globalThis.__position;

  Math.random = random;

  // Stacks show the lines of the source, and nothing of the SDK and the engine.
  Error.prepareStackTrace = (_, sites) => {
    const lines = [];
    for (const site of sites) {
      const file = site.getFileName();
      if (site.isNative() || !file || file.startsWith('wrt:') || file === 'eval_script') continue;
      const [line, column] = position(file, site.getLineNumber(), site.getColumnNumber());
      const name = site.getFunctionName();
      const place = `${file}:${line}:${column}`;
      lines.push(name ? `    at ${name} (${place})` : `    at ${place}`);
    }
    return lines.join('\n');
  };

  // The value that a chain of callbacks carries along. Every continuation of an `async` function, which is lowered to a
  // generator, comes through `then`.
  let current;
  const then = Promise.prototype.then;
  const carry = (callback) => {
    if (typeof callback !== 'function') return callback;
    const carried = current;
    return (value) => {
      const before = current;
      current = carried;
      try {
        return callback(value);
      } finally {
        current = before;
      }
    };
  };
  Object.defineProperty(Promise.prototype, 'then', {
    value: function (fulfilled, rejected) {
      return then.call(this, carry(fulfilled), carry(rejected));
    },
    writable: true,
    configurable: true,
  });
  globalThis.queueMicrotask = (job) => void Promise.resolve().then(() => job());

  globalThis.AsyncLocalStorage = class AsyncLocalStorage {
    run(store, callback, ...parameters) {
      const before = current;
      current = new Map(before).set(this, store);
      try {
        return callback(...parameters);
      } finally {
        current = before;
      }
    }
    exit(callback, ...parameters) {
      return this.run(undefined, callback, ...parameters);
    }
    getStore() {
      return current?.get(this);
    }
  };

  // === What the transpiler turns `async` and its like into ===

  class Awaited {
    constructor(value) {
      this.value = value;
    }
  }

  const drive = (generator, resolve, reject) => {
    const step = (method, value) => {
      let result;
      try {
        result = generator[method](value);
      } catch (error) {
        reject(error);
        return;
      }
      if (result.done) resolve(result.value);
      else Promise.resolve(result.value).then(next, raise);
    };
    const next = (value) => step('next', value);
    const raise = (error) => step('throw', error);
    next();
  };

  const asyncToGenerator = (body) =>
    function (...parameters) {
      const generator = body.apply(this, parameters);
      return new Promise((resolve, reject) => drive(generator, resolve, reject));
    };

  // An async generator: requests wait in order, and `await` within it is a yield of `Awaited`.
  class AsyncGenerator {
    constructor(generator) {
      this.generator = generator;
      this.queue = [];
      this.running = false;
    }
    [Symbol.asyncIterator]() {
      return this;
    }
    next(value) {
      return this.ask('next', value);
    }
    throw(error) {
      return this.ask('throw', error);
    }
    return(value) {
      return this.ask('return', value);
    }
    ask(method, value) {
      return new Promise((resolve, reject) => {
        this.queue.push({ method, value, resolve, reject });
        if (!this.running) this.proceed();
      });
    }
    proceed() {
      const request = this.queue[0];
      this.running = request !== undefined;
      if (request) this.step(request, request.method, request.value);
    }
    settle(request, settle, value) {
      this.queue.shift();
      settle(value);
      this.proceed();
    }
    step(request, method, value) {
      let result;
      try {
        result = this.generator[method](value);
      } catch (error) {
        this.settle(request, request.reject, error);
        return;
      }
      const isAwait = result.value instanceof Awaited;
      Promise.resolve(isAwait ? result.value.value : result.value).then(
        (value) => {
          if (isAwait) this.step(request, method === 'return' ? 'return' : 'next', value);
          else this.settle(request, request.resolve, { value, done: result.done });
        },
        (error) => this.step(request, 'throw', error),
      );
    }
  }

  globalThis.babelHelpers = {
    asyncToGenerator,
    wrapAsyncGenerator: (body) =>
      function (...parameters) {
        return new AsyncGenerator(body.apply(this, parameters));
      },
    awaitAsyncGenerator: (value) => new Awaited(value),
    asyncGeneratorDelegate: (inner) => ({
      [Symbol.iterator]() {
        return this;
      },
      next: (value) => ({ value: new Awaited(inner.next(value)), done: false }),
      throw: (error) => ({ value: new Awaited(inner.throw(error)), done: false }),
      return: (value) => ({ value: new Awaited(inner.return(value)), done: false }),
    }),
    asyncIterator: (iterable) => {
      const method = iterable[Symbol.asyncIterator];
      if (method) return method.call(iterable);
      const iterator = iterable[Symbol.iterator]();
      const settled = async_(iterator);
      return settled;
    },
  };

  // A plain iterator in a `for await`.
  function async_(iterator) {
    const wrap = ({ value, done }) => Promise.resolve(value).then((value) => ({ value, done }));
    return {
      next: (value) => wrap(iterator.next(value)),
      return: (value) => (iterator.return ? wrap(iterator.return(value)) : Promise.resolve({ value, done: true })),
    };
  }
})();
