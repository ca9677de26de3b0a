/** Webhooks: those that Volley calls, and those that call Volley. */

import { useTitle } from '../../parts/title.ts';
import { texts } from '../../texts/texts.ts';
import { Inbound } from './inbound.tsx';
import { Outgoing } from './outgoing.tsx';

export default function Webhooks() {
  useTitle(texts.webhooks.title);
  return (
    <>
      <header class="head">
        <h1>{texts.webhooks.title}</h1>
      </header>
      <Outgoing />
      <Inbound />
    </>
  );
}
