/** The process of `forkSimulator`. */

import { startSimulator } from '../simulator.ts';
import { serveParent } from './serve-parent.ts';

await serveParent(startSimulator, ({ origin }) => ({ origin }));
