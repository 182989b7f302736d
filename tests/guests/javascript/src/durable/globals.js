// The globals of JavaScript that QuickJS lacks, or would take out of the snapshot that a component is. Import this
// first. The order matters: the promises want a `setTimeout` to be there.
import './globals/timers.js';
import './globals/promise.js';
import './globals/random.js';
import './globals/console.js';
import 'fast-text-encoding';
