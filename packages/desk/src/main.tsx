/** The page begins here. */

import './style/tokens.css';
import './style/ground.css';
import './style/parts.css';
import { render } from 'preact';
import { Page } from './shell/page.tsx';
import { start } from './state.ts';
import { followLocale } from './text/text.ts';

const place = document.getElementById('desk');
if (place !== null) {
  followLocale();
  render(<Page />, place);
  void start();
}
