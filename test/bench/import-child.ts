/** `volley import` in a process of its own, which tells what it took. */

import { run } from '../../functions/cli/program.ts';

export interface ImportJob {
  url: string;
  apiKey: string;
  postgres: string;
  state: string;
}

export interface Imported {
  counts: { inserted: number; unchanged: number };
  seconds: number;
  cpuSeconds: number;
  peakRssMb: number;
}

process.once('message', async ({ url, apiKey, postgres, state }: ImportJob) => {
  let stdout = '';
  const started = performance.now();
  const code = await run(
    ['import', postgres, '--query', 'select * from devices', '--json', '--url', url],
    {
      env: { VOLLEY_API_KEY: apiKey, VOLLEY_STATE: state },
      stdout: {
        write: (text) => {
          stdout += text;
        },
      },
      stderr: process.stderr,
    },
  );
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) process.exit(1);
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.send!({
    counts: JSON.parse(stdout),
    seconds,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakRssMb: Math.round(maxRSS / 1024),
  } satisfies Imported);
  process.disconnect();
});
