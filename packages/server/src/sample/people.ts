/** The sample's people: an architects' office with partners in several countries, and its address list. None of them exist. */

import type { GalDraft } from '../gal.ts';
import { createRandom } from './random.ts';
import type { Language } from './texts.ts';

/** Somebody who writes or is written to. */
export interface Person {
  name: string;
  address: string;
  language: Language;
  title: string;
}

/** The office's domain. `.example` belongs to nobody (RFC 2606). */
export const OFFICE_DOMAIN = 'lindenhof.example';

/** Whose mailbox the sample is. */
export const OWNER: Person = {
  name: 'Anna Bergmann',
  address: `anna@${OFFICE_DOMAIN}`,
  language: 'en',
  title: 'Project lead',
};

/** Who writes to her. */
export const PEOPLE: readonly Person[] = [
  person('Tom Whitfield', 'tom.whitfield@harbourside.example', 'en', 'Structural engineer'),
  person('Grace Okafor', `grace@${OFFICE_DOMAIN}`, 'en', 'Office manager'),
  person('Rhys Pritchard', 'rhys@slateworks.example', 'en', 'Supplier'),
  person('Jürgen Großmann', `juergen@${OFFICE_DOMAIN}`, 'de', 'Bauleiter'),
  person('Katharina Vögele', 'voegele@bauamt-niederau.example', 'de', 'Bauamt'),
  person('Sönke Petersen', 'petersen@holzbau-petersen.example', 'de', 'Zimmermann'),
  person('Hélène Fournier', 'helene.fournier@atelier-sud.example', 'fr', 'Architecte associée'),
  person('Benoît Lefèvre', 'b.lefevre@menuiserie-lefevre.example', 'fr', 'Menuisier'),
  person('María José Ibáñez', 'mj.ibanez@estudio-norte.example', 'es', 'Arquitecta'),
  person('Íñigo Peña', 'inigo@azulejospena.example', 'es', 'Proveedor'),
  person('Małgorzata Wiśniewska', 'm.wisniewska@pracownia-zw.example', 'pl', 'Architektka'),
  person('Łukasz Dąbrowski', 'lukasz@dabrowski-okna.example', 'pl', 'Okna i drzwi'),
  person('佐々木 美咲', 'sasaki@kaede-design.example', 'ja', 'デザイナー'),
  person('高橋 健一', 'takahashi@kaede-design.example', 'ja', '代表'),
  person('ليلى منصور', 'layla.mansour@dar-albinaa.example', 'ar', 'مهندسة معمارية'),
  person('سامي الحداد', 'sami@dar-albinaa.example', 'ar', 'مدير المشروع'),
];

function person(name: string, address: string, language: Language, title: string): Person {
  return { name, address, language, title };
}

const FIRST_NAMES = [
  'Amelie',
  'Björn',
  'Chiara',
  'Dmytro',
  'Élodie',
  'Fatima',
  'Giorgos',
  'Hanna',
  'Ingrid',
  'João',
  'Kaito',
  'Lucía',
  'Mehmet',
  'Noor',
  'Olek',
  'Priya',
  'Quentin',
  'Rosa',
  'Søren',
  'Tereza',
];
const LAST_NAMES = [
  'Adler',
  'Bauer',
  'Castillo',
  'Dvořák',
  'Eriksen',
  'Ferrari',
  'García',
  'Håkansson',
  'Ionescu',
  'Jansen',
  'Kowalczyk',
  'Lambert',
  'Müller',
  'Novák',
  'Öztürk',
  'Petrov',
  'Quist',
  'Rossi',
  'Şahin',
  'Tanaka',
];
const COMPANIES = [
  'Lindenhof',
  'Atelier Sud',
  'Harbourside',
  'Estudio Norte',
  'Kaede Design',
  'Holzbau Petersen',
];
const CITIES = ['Berlin', 'Lyon', 'Cardiff', 'Bilbao', 'Kraków', 'Kyoto', 'Amman'];

/** The address list: the people above, and others up to `count`. */
export function galEntries(count: number, seed: number): readonly GalDraft[] {
  const random = createRandom(seed ^ 0x6a1);
  const known = PEOPLE.map((one, index) =>
    entry(
      index,
      one.name,
      one.address,
      one.title,
      random.pick(COMPANIES),
      random.pick(CITIES),
      random.integer(100, 999),
    ),
  );
  const others = Array.from({ length: Math.max(0, count - known.length) }, (_, index) => {
    const first = FIRST_NAMES[index % FIRST_NAMES.length] ?? '';
    const last = LAST_NAMES[Math.floor(index / FIRST_NAMES.length) % LAST_NAMES.length] ?? '';
    const name = `${first} ${last}`;
    const local = plainLetters(`${first}.${last}`).toLowerCase();
    const number = Math.floor(index / (FIRST_NAMES.length * LAST_NAMES.length));
    const address = `${local}${number === 0 ? '' : number + 1}@${OFFICE_DOMAIN}`;
    const title = random.pick(['Architect', 'Engineer', 'Accountant', 'Draughtsperson', 'Trainee']);
    return entry(
      known.length + index,
      name,
      address,
      title,
      random.pick(COMPANIES),
      random.pick(CITIES),
      random.integer(100, 999),
    );
  });
  return [...known, ...others];
}

function entry(
  index: number,
  name: string,
  email: string,
  title: string,
  company: string,
  city: string,
  extension: number,
): GalDraft {
  const words = name.split(' ');
  return {
    id: `sample:${index}`,
    name,
    fields: [
      ['email', email],
      ['fullName', name],
      ['firstName', words.slice(0, -1).join(' ')],
      ['lastName', words.at(-1) ?? ''],
      ['jobTitle', title],
      ['company', company],
      ['workCity', city],
      // Numbers of the kind that regulators keep for stories.
      ['workPhone', `+44 1632 960${extension}`],
    ],
  };
}

function plainLetters(text: string): string {
  return text
    .replace(/ø/gi, 'o')
    .replace(/ł/gi, 'l')
    .normalize('NFD')
    .replace(/[^\x20-\x7e]/g, '');
}
