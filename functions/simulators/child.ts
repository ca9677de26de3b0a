/** The process of `forkSimulator`. */

import { serveParent } from './shared/serve-parent.ts';
import { startSimulator } from './simulator.ts';

await serveParent(startSimulator, ({ origin }) => ({ origin }));
