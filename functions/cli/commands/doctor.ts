/** `volley doctor`: the checks of the deployment, as text. */

import type { Command } from 'commander';
import type { DoctorView } from '../../http/doctor.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';

export function doctorCommand(program: Command, { client, show, exit }: Context) {
  program
    .command('doctor')
    .description('check the deployment, and say what to do about faults')
    .action(async () => {
      const found = await client().expecting(answers.doctor).get('/v1/doctor');
      if (!isWell(found)) exit(1);
      show(found, () => doctorText(found));
    });
}

const marks = { well: '✓', fault: '✗', unknown: '?' } as const;

export function doctorText({ findings }: DoctorView): string {
  const lines = findings.flatMap(({ check, state, detail, next }) => [
    fold(`${marks[state]} ${check}: ${detail}`, 4),
    ...(next ? [fold(`    ${next}`, 4)] : []),
  ]);
  const faults = findings.filter(({ state }) => state === 'fault').length;
  const open = findings.filter(({ state }) => state === 'unknown').length;
  const sum =
    faults + open === 0
      ? 'All is well.'
      : [faults && `${faults} at fault`, open && `${open} not found out`]
          .filter(Boolean)
          .join(', ');
  return [...lines, '', sum].join('\n');
}

/** An unknown finding is no fault: a queue in its first minutes, a provider that is slow. */
export const isWell = ({ findings }: DoctorView) =>
  findings.every(({ state }) => state !== 'fault');
