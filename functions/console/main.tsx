/** The console begins here. */

import { render } from 'preact';
import { start } from './session/session.ts';
import { Shell } from './shell.tsx';

await start();
render(<Shell />, document.getElementById('app')!);
