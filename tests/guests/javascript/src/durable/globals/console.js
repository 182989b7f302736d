// `console` as the log of the workflow, which is silent on replay.
import * as log from 'wrt:workflow/log@0.1.0';

const at = (level) => (...values) => log.log(level, values.map(String).join(' '), []);

globalThis.console = {
  trace: at('trace'),
  debug: at('debug'),
  log: at('info'),
  info: at('info'),
  warn: at('warn'),
  error: at('error'),
};
