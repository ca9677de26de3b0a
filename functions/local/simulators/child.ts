/** The process of `forkSimulator`: options first, then calls, over IPC. */

import { once } from 'node:events';
import { type SimulatorOptions, startSimulator } from '../simulator.ts';
import type { Call, Hello, Reply } from './fork.ts';

const say = (message: Hello | Reply) => process.send?.(message);

// the parent is gone: nobody is left to close this
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the parent decides when its simulator ends
process.on('SIGINT', () => {});

const [options] = (await once(process, 'message')) as [SimulatorOptions];
try {
  const simulator = await startSimulator(options);
  process.on('message', async ({ id, method, args }: Call) => {
    try {
      const call = simulator[method] as (...args: unknown[]) => Promise<unknown>;
      say({ id, result: await call(...args) });
    } catch (error) {
      say({ id, error: String(error) });
    }
  });
  say({ origin: simulator.origin });
} catch (error) {
  say({ failed: String(error) });
}
