/** The page begins here. */

import './style/tokens.css';
import './style/ground.css';
import './style/parts.css';
import { render } from 'preact';
import { start } from './desk.ts';
import { Desk } from './shell/desk.tsx';
import { followLocale } from './text/text.ts';

const place = document.getElementById('desk');
if (place !== null) {
  followLocale();
  render(<Desk />, place);
  void start();
}
