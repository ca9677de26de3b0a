/** Has one instance without a CPU, says where it is, and waits to be ended. */

import { fileURLToPath } from 'node:url';
import { startFunction } from '../../../functions/local/google/function.ts';
import { createInstance } from '../../../functions/local/google/run/instance.ts';

const framework = fileURLToPath(new URL('./stand-in.js', import.meta.url));
const fn = await startFunction('plan', {}, { framework });
createInstance(fn, () => process.send!(fn.url)).rest();
