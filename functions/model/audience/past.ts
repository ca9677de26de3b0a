/**
 * The past of an installation: what earlier campaigns were for it, as `opened` and `notOpened` ask for it.
 *
 * `opened`: there is a receipt of opening. It holds whether the push was accepted or not: a push in doubt
 * may have arrived. `notOpened`: the push was accepted, and there is no receipt of opening. So an
 * installation that the campaign did not reach is in neither.
 */

export interface Past {
  /** a provider accepted the campaign's push to it */
  accepted: boolean;
  /** it has told that the push was opened */
  opened: boolean;
}

/** By the id of the campaign. */
export type Pasts = ReadonlyMap<string, Past>;

/** The earlier campaigns of one audience. Of each, its recipients and receipts are read beside the registry. */
export const MAX_EARLIER = 5;

interface Combined {
  opened?: { campaign: string } | undefined;
  notOpened?: { campaign: string } | undefined;
  and?: Combined[] | undefined;
  or?: Combined[] | undefined;
  not?: Combined | undefined;
}

interface Earlier {
  campaign: string;
  /** whether it matters who was accepted */
  accepted: boolean;
}

/** The earlier campaigns that an audience asks about, each once. */
export function earlierIn(audience: Combined): Earlier[] {
  const found = new Map<string, boolean>();
  for (const { campaign, path } of placesOfEarlier(audience, ''))
    found.set(campaign, path.endsWith('.notOpened.campaign') || (found.get(campaign) ?? false));
  return Array.from(found, ([campaign, accepted]) => ({ campaign, accepted }));
}

/** Where an audience names earlier campaigns. `path` is the audience's own. */
export function* placesOfEarlier(
  { opened, notOpened, and = [], or = [], not }: Combined,
  path: string,
): Generator<{ campaign: string; path: string }> {
  if (opened) yield { campaign: opened.campaign, path: `${path}.opened.campaign` };
  if (notOpened) yield { campaign: notOpened.campaign, path: `${path}.notOpened.campaign` };
  for (const [i, it] of and.entries()) yield* placesOfEarlier(it, `${path}.and[${i}]`);
  for (const [i, it] of or.entries()) yield* placesOfEarlier(it, `${path}.or[${i}]`);
  if (not) yield* placesOfEarlier(not, `${path}.not`);
}

/** Throws if the past was not read: without it every answer would be wrong. */
export function pastIn(pasts: Pasts | undefined, campaign: string): Past {
  const past = pasts?.get(campaign);
  if (!past) throw new Error(`the past with the campaign "${campaign}" was not read`);
  return past;
}
