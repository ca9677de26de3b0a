#!/usr/bin/env -S node --max-semi-space-size=16 --max-old-space-size=192
import { askAtTerminal } from './ask.ts';
import { run } from './program.ts';

// `volley failures … | head` closes the pipe: enough was read
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const { env, stdout, stderr } = process;
process.exitCode = await run(process.argv.slice(2), {
  env,
  stdout,
  stderr,
  ...(askAtTerminal && { ask: askAtTerminal }),
});
