import type { ReportView } from '../../../http/campaigns/report-view.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { count, percent } from '../../format.ts';
import { texts } from '../../texts/texts.ts';

/** The sentence under the bar. */
export function ledgerText(
  { state, counts: { recipients, pending }, closedAt, waves, expected = 0 }: CampaignView,
  report: ReportView | null,
): string {
  const { ledger } = texts.campaign;
  if (state === 'scheduled') return ledger.scheduled;
  if (closedAt === null && waves?.some((it) => it.state === 'waiting'))
    return ledger.soFar(count(recipients), expected > recipients ? count(expected) : null);
  if (recipients === 0) return closedAt === null ? ledger.none : ledger.empty;
  const said = [ledger.recipients(count(recipients))];
  if (closedAt === null) said.push(ledger.open(percent(recipients - pending, recipients)));
  else if (pending === 0) said.push(ledger.closed);
  if (report && report.unread > 0) said.push(ledger.unread(count(report.unread)));
  return said.join(' · ');
}
