/** Starts an instance, freezes it, prints its address, and waits until it is ended. */

import { fileURLToPath } from 'node:url';
import { startFunction } from '../../../functions/local/google/function.ts';
import { createInstance } from '../../../functions/local/google/run/instance.ts';

const framework = fileURLToPath(new URL('./stand-in.js', import.meta.url));
const fn = await startFunction('plan', {}, { framework });
createInstance(fn, () => process.send!(fn.url)).rest();
