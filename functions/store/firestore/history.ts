/** Who changed the state of a campaign; and which apps are switched off. */

import type { Store } from '../../ports/ports.ts';
import { historyOf } from './campaign-fields.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
import { type AppPauseFields, BY_NAME, type CampaignFields, isId, type Schema } from './schema.ts';
import { markPause } from './standing.ts';

/** Open campaigns read in one query. */
const OPEN_PAGE = 300;

export function firestoreHistory(client: Client, schema: Schema) {
  const { campaigns, campaign, appPause } = schema;
  return {
    async history(id) {
      const [found] = isId(id) ? await client.get([campaign(id)], ['history', 'expireAt']) : [];
      return client.isLive(found) ? historyOf(found.data() as CampaignFields) : [];
    },

    /** Open ones are few, whatever their app: no index of two fields for this. */
    async *openCampaigns(app) {
      const query = campaigns
        .where('open', '==', true)
        .orderBy(BY_NAME)
        .select('app')
        .limit(OPEN_PAGE);
      for await (const page of documentsOf(client, query)) {
        const ids = page.filter((it) => it.get('app') === app).map((it) => it.id);
        if (ids.length > 0) yield ids;
      }
    },

    async getAppPause(app) {
      const [found] = await client.get([appPause(app)]);
      if (!found?.exists) return null;
      const { at, by } = found.data() as AppPauseFields;
      return { at, by };
    },

    async putAppPause(app, it) {
      await client.write(async (writes) => {
        markPause(schema, writes, app, it !== null);
        if (it === null) writes.delete(appPause(app));
        else writes.set(appPause(app), it satisfies AppPauseFields);
      });
    },
  } satisfies Partial<Store>;
}
