/** `volley doctor`: what the deployment found out about itself, for a person. */

import type { DoctorView } from '../../http/doctor.ts';
import { fold } from '../format.ts';

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

/** What could not be found out is no fault: a queue's first minutes, a provider that is slow. */
export const isWell = ({ findings }: DoctorView) =>
  findings.every(({ state }) => state !== 'fault');
