/** Health: the apps and their pauses, what the month costs, the doctor's findings, which take longest. */

import { useTitle } from '../../parts/title.ts';
import { texts } from '../../texts/texts.ts';
import { Apps } from './apps.tsx';
import { Checks } from './checks.tsx';
import { Costs } from './costs.tsx';

export default function Health() {
  useTitle(texts.health.title);
  return (
    <>
      <header class="head">
        <h1>{texts.health.title}</h1>
      </header>
      <Apps />
      <Costs />
      <Checks />
    </>
  );
}
