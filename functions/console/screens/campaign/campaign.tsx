/** One campaign. */

import { useRoute } from 'preact-iso/router';
import { useTitle } from '../../parts/title.ts';

export default function Campaign() {
  const { id = '' } = useRoute().params;
  useTitle(id);
  return (
    <header class="head">
      <h1>{id}</h1>
    </header>
  );
}
