/** What the sample's people write about, in seven languages. */

/** A language of the sample. */
export type Language = 'ar' | 'de' | 'en' | 'es' | 'fr' | 'ja' | 'pl';

/** A matter that somebody writes about, and what is answered. */
export interface Topic {
  subject: string;
  opening: readonly string[];
  answers: readonly string[];
  /** What is attached, if something is. */
  attachment: 'csv' | 'pdf' | 'png' | 'text' | null;
}

/** Greeting and closing of a language, and what stands before an answer's subject. */
export interface Manners {
  greeting: string;
  closing: string;
  answer: string;
}

/** Manners of each language. */
export const MANNERS: Readonly<Record<Language, Manners>> = {
  en: { greeting: 'Hello Anna,', closing: 'Best wishes', answer: 'Re: ' },
  de: { greeting: 'Hallo Anna,', closing: 'Viele Grüße', answer: 'AW: ' },
  fr: { greeting: 'Bonjour Anna,', closing: 'Bien cordialement', answer: 'RE : ' },
  es: { greeting: 'Hola, Anna:', closing: 'Un saludo', answer: 'RE: ' },
  pl: { greeting: 'Cześć, Anno,', closing: 'Pozdrawiam', answer: 'Odp: ' },
  ja: { greeting: 'ベルクマン様', closing: 'よろしくお願いいたします。', answer: 'Re: ' },
  ar: { greeting: 'مرحباً آنا،', closing: 'مع أطيب التحيات', answer: 'رد: ' },
};

/** Topics of each language. */
export const TOPICS: Readonly<Record<Language, readonly Topic[]>> = {
  en: [
    {
      subject: 'Beam over the north entrance',
      opening: [
        'I ran the numbers for the beam over the north entrance again. With the heavier roof the old section is too slender by about eight per cent.',
        'The calculation is attached. If you can live with 20 mm less headroom, the next size up solves it without touching the columns.',
      ],
      answers: [
        'Headroom is tight there, but 20 mm is fine. Please go ahead with the larger section.',
        'Done. The drawing office has the new dimensions and will send sheets 14 to 17 by Thursday.',
        'Sheet 16 still shows the old one. Could somebody check before it goes to site?',
        'Good catch, it is corrected. Nothing else changed.',
      ],
      attachment: 'pdf',
    },
    {
      subject: 'Delivery of the roof slate moves to the 14th',
      opening: [
        'The quarry was closed for three days after the storm, so the first two pallets will not leave before the 14th.',
        'The rest of the order is not affected. The list of what comes when is attached.',
      ],
      answers: [
        'Thanks for telling us early. The scaffolding stays until the 20th, so this still works.',
        'If the 14th slips again, please ring me instead of writing. The crane is booked.',
        'Understood. The pallets are loaded and on their way.',
      ],
      attachment: 'csv',
    },
    {
      subject: 'Keys for the meeting room',
      opening: [
        'The lock of the large meeting room was changed this morning. Your new key is in your tray.',
        'Please give the old one back by the end of the week, the locksmith takes them in.',
      ],
      answers: ['I have two old ones, I will bring both.', 'Lovely, thank you!'],
      attachment: null,
    },
    {
      subject: 'Minutes of Monday, and three things that are open',
      opening: [
        'The minutes are attached as plain text. Three things are open: the colour of the shutters, who speaks to the neighbours, and the date for the fire inspection.',
        'If I hear nothing until Friday, I take the shutters to be green.',
      ],
      answers: [
        'Not green, please. The client asked for the grey of the sample.',
        'Grey it is. I speak to the neighbours tomorrow.',
        'The inspector can only come on the 3rd, in the morning.',
      ],
      attachment: 'text',
    },
  ],
  de: [
    {
      subject: 'Nachtrag für die Gründung an der Ostseite',
      opening: [
        'beim Aushub an der Ostseite sind wir schon in 1,20 m Tiefe auf Fels gestoßen. Das spart uns die Pfähle, kostet aber zwei Tage mit dem Meißel.',
        'Der Nachtrag liegt bei. Bitte gib mir bis Mittwoch Bescheid, dann läuft die Maschine am Donnerstag weiter.',
      ],
      answers: [
        'Einverstanden, wenn der Statiker das kurz schriftlich bestätigt.',
        'Die Bestätigung ist da, ich leite sie gleich weiter.',
        'Prima. Dann bitte weitermachen, und Fotos für die Akte nicht vergessen.',
        'Fotos sind gemacht, die Fläche ist frei.',
      ],
      attachment: 'pdf',
    },
    {
      subject: 'Rückfrage zum Bauantrag: Stellplätze',
      opening: [
        'für Ihren Antrag fehlt uns noch der Nachweis der Stellplätze. Nach der Satzung sind es vier, im Lageplan sehe ich drei.',
        'Eine Ablösung ist möglich, müsste aber vor der Sitzung am 9. beantragt werden.',
      ],
      answers: [
        'Der vierte liegt hinter dem Fahrradschuppen und war schlecht zu erkennen. Ein neuer Plan kommt heute.',
        'Der Plan ist angekommen und in Ordnung. Damit ist der Antrag vollständig.',
      ],
      attachment: 'png',
    },
    {
      subject: 'Treppe: Eiche oder Esche?',
      opening: [
        'die Eiche in der gewünschten Qualität ist frühestens in sechs Wochen lieferbar. Esche hätte ich trocken auf Lager, geölt sieht man den Unterschied kaum.',
        'Ein Musterstück bringe ich am Dienstag mit.',
      ],
      answers: [
        'Das Muster überzeugt alle. Wir nehmen Esche, bitte ohne Beize.',
        'Wunderbar, dann fange ich am Montag mit den Wangen an.',
      ],
      attachment: null,
    },
  ],
  fr: [
    {
      subject: 'Façade sud : teinte de l’enduit',
      opening: [
        'Nous avons posé trois échantillons d’enduit sur la façade sud. À mon avis, le deuxième vieillira le mieux, mais il est un peu plus cher.',
        'Une photo prise hier à midi est jointe ; le soir, la différence est encore plus nette.',
      ],
      answers: [
        'Le deuxième me plaît aussi. Combien de plus, au total ?',
        'Environ quatre cents euros pour toute la façade.',
        'C’est raisonnable. Nous partons là-dessus.',
      ],
      attachment: 'png',
    },
    {
      subject: 'Devis pour les fenêtres de l’étage',
      opening: [
        'Vous trouverez ci-joint notre devis pour les neuf fenêtres de l’étage, ferrures comprises.',
        'Le délai est de cinq semaines à partir de la commande. La dépose des anciennes n’est pas incluse.',
      ],
      answers: [
        'Merci. Pouvez-vous ajouter la dépose et l’évacuation ?',
        'C’est fait, voir la ligne douze du nouveau devis.',
      ],
      attachment: 'csv',
    },
  ],
  es: [
    {
      subject: 'Azulejos del patio: muestra aprobada',
      opening: [
        'El cliente ha aprobado la muestra azul para el patio. ¿Podemos pedir ya los 46 metros, o esperamos a que se midan los escalones?',
        'El taller necesita tres semanas, y en agosto cierra.',
      ],
      answers: [
        'Pedid 50 metros, así cubrimos los escalones y las roturas.',
        'Pedido hecho. Os paso el número en cuanto lo tenga.',
        'Perfecto, ¡muchas gracias por la rapidez!',
      ],
      attachment: null,
    },
    {
      subject: 'Acta de la visita del jueves',
      opening: [
        'Adjunto el acta de la visita. Lo más urgente es la impermeabilización de la terraza: antes de las lluvias tiene que estar cerrada.',
        'La señora de la planta baja pregunta si el ruido empezará antes de las ocho.',
      ],
      answers: [
        'No antes de las ocho y media, se lo hemos prometido.',
        'La terraza se cierra el martes, si el tiempo aguanta.',
      ],
      attachment: 'text',
    },
  ],
  pl: [
    {
      subject: 'Okna: termin montażu',
      opening: [
        'okna są gotowe i możemy je zamontować w przyszłym tygodniu. Potrzebujemy dwóch dni i wolnego dojazdu od strony ogrodu.',
        'W załączniku lista wymiarów, proszę o sprawdzenie pozycji siódmej.',
      ],
      answers: [
        'Pozycja siódma się zgadza. Dojazd będzie wolny od wtorku.',
        'Świetnie, przyjedziemy we wtorek o siódmej.',
      ],
      attachment: 'csv',
    },
    {
      subject: 'Zmiana w projekcie klatki schodowej',
      opening: [
        'straż pożarna prosi o szersze drzwi na parterze. Zmieniłam rysunek tak, żeby nie ruszać ściany nośnej.',
        'Daj proszę znać, czy tak może zostać.',
      ],
      answers: [
        'Może zostać, dziękuję za szybką reakcję.',
        'Wysyłam więc ostateczną wersję do wszystkich.',
      ],
      attachment: 'pdf',
    },
  ],
  ja: [
    {
      subject: '庭園の照明計画について',
      opening: [
        '庭園の照明計画を見直しました。石灯籠の周りは明るさを抑え、小道だけを足元から照らす案です。',
        '夜の見え方を示す図を添付しましたので、ご確認ください。',
      ],
      answers: [
        'とても良い案だと思います。小道の器具の数を教えてください。',
        '器具は全部で十八台です。予備を二台見込んでおります。',
        '承知しました。その数で見積もりをお願いします。',
      ],
      attachment: 'png',
    },
    {
      subject: '来月の打ち合わせ日程',
      opening: [
        '来月の打ち合わせですが、十二日か十五日の午前はいかがでしょうか。',
        '会議室は両日とも仮に押さえてあります。',
      ],
      answers: [
        '十二日の午前十時でお願いします。',
        'かしこまりました。十二日十時に確定いたします。',
      ],
      attachment: null,
    },
  ],
  ar: [
    {
      subject: 'عينات الحجر للواجهة',
      opening: [
        'وصلت عينات الحجر من المحجر صباح اليوم. اللون الفاتح أقرب إلى ما اتفقنا عليه، لكن سماكته أقل بنصف سنتيمتر.',
        'أرفقت جدولاً بالقياسات والأسعار للمقارنة.',
      ],
      answers: [
        'السماكة كافية للواجهة الشرقية. هل يمكن تسليم نصف الكمية أولاً؟',
        'نعم، يمكن تسليم النصف الأول خلال أسبوعين.',
        'ممتاز، نعتمد اللون الفاتح إذن.',
      ],
      attachment: 'csv',
    },
    {
      subject: 'موعد زيارة الموقع',
      opening: ['هل يناسبكم يوم الأحد لزيارة الموقع؟ سيكون المهندس المدني حاضراً معنا.'],
      answers: ['يوم الأحد مناسب، الساعة التاسعة صباحاً.', 'تم، نلتقي عند البوابة الرئيسية.'],
      attachment: null,
    },
  ],
};
