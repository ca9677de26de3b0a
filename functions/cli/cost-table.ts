/** What a campaign costs, as a table for a terminal and for a document. */

import { type Line, receiptLines, totalUsd, USUAL_OPENS } from '../model/cost/estimate.ts';
import { prices } from '../model/cost/prices.ts';
import { count } from './format.ts';

/** A Markdown table. */
export function estimateTable(lines: Line[]): string {
  const rows = lines.map(({ service, what, price, quantity, usd }) => {
    const { usd: each, per, unit } = prices[price];
    const many = quantity >= 100 ? count(Math.round(quantity)) : quantity.toPrecision(2);
    return [service, what, `${many} ${unit}`, `$${each} / ${count(per)}`, money(usd)];
  });
  const total = ['Together', '', '', '', money(totalUsd(lines))];
  const all = [['service', 'what', 'how much', 'price', 'USD'], ...rows, total];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const text = (row: string[]) =>
    `| ${row.map((it, i) => (i < 2 ? it.padEnd(widths[i]!) : it.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [text(all[0]!), rule, ...all.slice(1).map(text)].join('\n');
}

/** What receipts of a campaign to so many cost beside it. */
export function receiptsText(recipients: number): string {
  const opens = Math.round(recipients * USUAL_OPENS);
  const lines = receiptLines(opens);
  const [reads, writes, requests] = lines.map(({ quantity }) => count(quantity));
  return (
    `Receipts come on top. If ${100 * USUAL_OPENS} % open it, that is $${money(totalUsd(lines))}: ` +
    `${reads} reads, ${writes} writes and ${requests} requests.`
  );
}

export const money = (usd: number) =>
  usd >= 100 ? count(Math.round(usd)) : usd.toFixed(usd < 1 ? 4 : 2);
