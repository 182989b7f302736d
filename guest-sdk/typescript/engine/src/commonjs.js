'use strict';
(() => {
  const { __source: source } = globalThis;
  delete globalThis.__source;
  const modules = new Map();

  const require = (base, specifier) => {
    const [name, kind, text] = source(base, specifier);
    const known = modules.get(name);
    if (known) return known.exports;
    const module = { exports: {}, id: name };
    modules.set(name, module);
    if (kind === 'json') {
      module.exports = JSON.parse(text);
    } else if (kind === 'module') {
      throw new Error(`require('${specifier}') in ${base}: it is an ECMAScript module; import it instead`);
    } else {
      const folder = name.slice(0, name.lastIndexOf('/') + 1) || '.';
      const body = `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
      const run = evaluate(body, name);
      run.call(module.exports, module.exports, (specifier) => require(name, specifier), module, name, folder);
    }
    return module.exports;
  };
  globalThis[Symbol.for('wrt.require')] = require;

  // An indirect eval, whose stacks show the module's name.
  function evaluate(body, name) {
    return (0, eval)(`${body}\n//# sourceURL=${name}`);
  }
})();
