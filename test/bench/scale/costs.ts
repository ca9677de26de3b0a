/** The table of docs/operations.md with the costs of large campaigns, by the arithmetic of `volley estimate`. */

import { money } from '../../../functions/cli/cost-table.ts';
import { count } from '../../../functions/cli/format.ts';
import { estimate, totalUsd, USUAL } from '../../../functions/model/cost/estimate.ts';

const MILLION = 1_000_000;

/** Quantities by APNs; what FCM changes are the seconds of instances and the traffic. */
export function costTable(): string {
  const sizes = [MILLION, 10 * MILLION, 100 * MILLION];
  const of = (recipients: number, apns: number) =>
    estimate({ recipients, read: recipients, failing: USUAL.failing, apns });
  const byApns = sizes.map((it) => of(it, 1));
  const rows = byApns[0]!.map(({ service, what }, i) => [
    `${service}: ${what}`,
    ...byApns.map((lines) => `${quantity(lines[i]!.quantity)}, $${money(lines[i]!.usd)}`),
  ]);
  const total = (apns: number) => sizes.map((it) => `$${money(totalUsd(of(it, apns)))}`);
  const line = (row: string[]) => `| ${row.join(' | ')} |`;
  return [
    line(['', ...sizes.map((it) => `${it / MILLION} million`)]),
    '| --- | --: | --: | --: |',
    ...rows.map(line),
    line(['**by APNs, together**', ...total(1)]),
    line(['**by FCM, together**', ...total(0)]),
  ].join('\n');
}

const quantity = (it: number) => (it >= 100 ? count(Math.round(it)) : it.toPrecision(2));
