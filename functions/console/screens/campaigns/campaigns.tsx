/** The list of campaigns; without any, what leads to the first. */

import { useTitle } from '../../parts/title.ts';
import { texts } from '../../texts/texts.ts';

export default function Campaigns() {
  useTitle(texts.campaigns.title);
  return (
    <header class="head">
      <h1>{texts.campaigns.title}</h1>
    </header>
  );
}
