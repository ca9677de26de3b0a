/**
 * Campaigns by what they name: users, installations and tokens in their audiences, by a hash of each. Those
 * that may have recipients that they do not name are under their app, until their recipients are deleted.
 */

import type { DatabaseSync } from 'node:sqlite';
import type { Campaign, CampaignRequest } from '../../model/campaign.ts';
import type { Database } from '../../sqlite/database.ts';
import { mayReachUnnamed, namesIn } from '../erasure.ts';
import { hash48of } from './lookups.ts';

type Naming = Pick<Campaign, 'app' | 'audience' | 'meaning'>;

export const hashOfName = (name: string) => hash48of(`name\n${name}`);
export const hashOfUnnamed = (app: string) => hash48of(`unnamed\n${app}`);

const hashesOf = (it: Naming): number[] => [
  ...new Set(namesIn([it.audience, it.meaning]).map(hashOfName)),
  ...(mayReachUnnamed(it) ? [hashOfUnnamed(it.app)] : []),
];

/** Each runs in a transaction of its caller. */
export function noteNames({ sql }: Pick<Database, 'sql'>, campaign: Naming & Pick<Campaign, 'id'>) {
  const insert = sql('INSERT OR IGNORE INTO campaign_names VALUES (?, ?)');
  for (const it of hashesOf(campaign)) insert.run(it, campaign.id);
}

/** Its recipients are gone. `named`: the campaign goes too. */
export function forgetUnnamed({ sql }: Pick<Database, 'sql'>, id: string, request: Naming) {
  const drop = sql('DELETE FROM campaign_names WHERE hash = ? AND campaign_id = ?');
  drop.run(hashOfUnnamed(request.app), id);
}

export function forgetNamed({ sql }: Pick<Database, 'sql'>, id: string, request: Naming) {
  const drop = sql('DELETE FROM campaign_names WHERE hash = ? AND campaign_id = ?');
  for (const it of hashesOf(request)) drop.run(it, id);
}

/** Fills the table in a file that had campaigns before. */
export function fillNames(db: DatabaseSync) {
  const insert = db.prepare('INSERT OR IGNORE INTO campaign_names VALUES (?, ?)');
  const all = db.prepare('SELECT id, request, kept FROM campaigns');
  for (const row of all.iterate()) {
    const request = JSON.parse(String(row.request)) as CampaignRequest;
    for (const it of hashesOf(request))
      if (row.kept === 1 || it !== hashOfUnnamed(request.app)) insert.run(it, String(row.id));
  }
}
