/** The list of campaigns; without any, what leads to the first. */

import { useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { pathWith } from '../../api/client.ts';
import { useReader } from '../../api/resource.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { useTitle } from '../../parts/title.ts';
import { whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { Begin } from './begin.tsx';
import { FilterFields } from './filters.tsx';
import { againMs, type CampaignPage, type Filters, readCampaigns } from './list.ts';
import { CampaignTable } from './table.tsx';

const HOME = '/console/';
const COMPOSE = '/console/compose';

export default function Campaigns() {
  useTitle(texts.campaigns.title);
  const { query, route } = useLocation();
  const { q, app, state, kind, after } = query;
  const filters: Filters = { q, app, state, kind, after };
  const list = useReader<CampaignPage>(
    JSON.stringify(filters),
    (signal) => readCampaigns(filters, signal),
    { everyMs: againMs },
  );
  // the earlier page stays until the next is here, so nothing jumps
  const shown = useRef<CampaignPage | null>(null);
  shown.current = list.value.value ?? shown.current;
  const page = shown.current;
  // the same element again is not drawn again, whatever is typed or chosen around it
  const table = useMemo(() => <CampaignTable items={page?.items ?? null} />, [page]);
  const isFiltered = Boolean(q || app || state || kind || after);
  const isBeginning = !isFiltered && Boolean(list.value.value?.items.every((it) => it.test));

  const show = (change: Filters) => {
    const next = { ...filters, after: undefined, ...change };
    route(pathWith(HOME, { ...next }), change.after === undefined);
  };

  return (
    <>
      <header class="head">
        <h1>{texts.campaigns.title}</h1>
        <Compose />
      </header>
      {isBeginning && <Begin campaigns={page?.items ?? []} onChange={list.reload} />}
      {!(isBeginning && page?.items.length === 0) && (
        <>
          {!isBeginning && <FilterFields filters={filters} onChange={show} />}
          {list.problem.value && <ProblemNote problem={list.problem.value} />}
          {page && page.items.length === 0 ? (
            <Empty title={texts.campaigns.none} text={texts.campaigns.noneMore}>
              <Button onClick={() => route(HOME)}>{texts.campaigns.clear}</Button>
            </Empty>
          ) : (
            table
          )}
          <Pages next={page?.next ?? null} isFirst={!after} onNext={(it) => show({ after: it })} />
        </>
      )}
    </>
  );
}

function Compose() {
  const why = whyNot('campaigns');
  const label = (
    <>
      <Icon name="plus" /> {texts.campaigns.compose}
    </>
  );
  return why === null ? (
    <ButtonLink kind="primary" href={COMPOSE}>
      {label}
    </ButtonLink>
  ) : (
    <Button kind="primary" whyNot={why}>
      {label}
    </Button>
  );
}

/** A cursor leads on; back leads the history of the browser. */
function Pages({
  next,
  isFirst,
  onNext,
}: {
  next: string | null;
  isFirst: boolean;
  onNext: (after: string) => void;
}) {
  if (isFirst && next === null) return null;
  return (
    <div class="actions pages">
      {!isFirst && <Button onClick={() => history.back()}>{texts.campaigns.newer}</Button>}
      {next !== null && <Button onClick={() => onNext(next)}>{texts.campaigns.older}</Button>}
    </div>
  );
}
