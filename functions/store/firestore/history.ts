/** Who changed the state of a campaign; and which apps are switched off. */

import type { Store } from '../../ports.ts';
import { historyOf } from './campaign-fields.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
import { BY_NAME, type CampaignFields, isId, type Schema, type SwitchFields } from './schema.ts';

/** Ids of open campaigns read at once. */
const OPEN_PAGE = 300;

export function firestoreHistory(client: Client, { campaigns, campaign, switchOf }: Schema) {
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

    async getSwitch(app) {
      const [found] = await client.get([switchOf(app)]);
      if (!found?.exists) return null;
      const { at, by } = found.data() as SwitchFields;
      return { at, by };
    },

    async putSwitch(app, it) {
      await client.write(async (writes) => {
        if (it === null) writes.delete(switchOf(app));
        else writes.set(switchOf(app), it satisfies SwitchFields);
      });
    },
  } satisfies Partial<Store>;
}
