/**
 * Demonstration data: the pilots of Kompetenspasset with definitions in the guide's grammar, written for this project,
 * and Svenska Stadsnätsföreningen's fibre-optic repair word for word from the guide's table ("Exempel på en mikromerit
 * baserad på läranderesultat"). Organisation numbers and holders are invented and say so.
 */
import type { OutcomeCategory } from '../definitions/content.js';

export interface DemoOrganisation {
  readonly name: string;
  /** Invented, with a correct check digit. */
  readonly organisationNumber: string;
}

export interface DemoDefinition {
  readonly organisation: string;
  readonly title: string;
  readonly tasks: readonly string[];
  readonly validityMonths?: number;
  readonly hours: number;
  readonly outcomes: readonly {
    readonly category: OutcomeCategory;
    readonly activity: string;
    readonly content: string;
    readonly context: string;
  }[];
}

export const DEMO_ORGANISATIONS: readonly DemoOrganisation[] = [
  {
    name: 'Arbetsförmedlingen',
    organisationNumber: '5599990016',
  },
  {
    name: 'Handelsrådet',
    organisationNumber: '5599990024',
  },
  {
    name: 'Proteko – Nordiska Textilakademin',
    organisationNumber: '5599990032',
  },
  {
    name: 'Skellefteå kommun',
    organisationNumber: '5599990040',
  },
  {
    name: 'Skellefteå Kraft',
    organisationNumber: '5599990057',
  },
  {
    name: 'Sobona',
    organisationNumber: '5599990065',
  },
  {
    name: 'Svenska Stadsnätsföreningen',
    organisationNumber: '5599990073',
  },
];

export const DEMO_DEFINITIONS: readonly DemoDefinition[] = [
  {
    organisation: 'Svenska Stadsnätsföreningen',
    title: 'Reparationsberedskap för akut felsökning/lagning/mätning av optofiber',
    tasks: [
      'Innehavaren kan akut felsöka, laga och mäta en optofiber under akuta kritiska/krigsliknande förhållanden.',
    ],
    validityMonths: 36,
    hours: 24,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'redogöra',
        content: 'för hur lagning och skarvning av optofiber genomförs',
        context: 'för att akut laga en förbindelse med rätt kvalitet och metod',
      },
      {
        category: 'skill',
        activity: 'hantera',
        content: 'fibersvets samt kabelverktyg',
        context: 'för att akut laga en förbindelse med rätt kvalitet och metod',
      },
      {
        category: 'responsibility',
        activity: 'praktisera',
        content: 'riskbedömning vid ensamarbete/markarbete',
        context: 'för att kunna arbeta säkert under akuta kritiska/krigsliknande förhållanden',
      },
    ],
  },
  {
    organisation: 'Arbetsförmedlingen',
    title: 'Samarbete i arbetsgrupp',
    tasks: ['Innehavaren kan utföra gemensamma arbetsuppgifter i en arbetsgrupp under handledning.'],
    hours: 8,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'beskriva',
        content: 'arbetsgruppens fördelning av uppgifter och vem som svarar för vad',
        context: 'utifrån arbetsplatsens dagsplanering',
      },
      {
        category: 'skill',
        activity: 'lämna över',
        content: 'ett påbörjat arbete muntligt till en kollega',
        context: 'så att kollegan kan fortsätta utan att fråga om vad som är gjort',
      },
      {
        category: 'responsibility',
        activity: 'be om',
        content: 'hjälp av handledare eller kollega när en uppgift inte går att slutföra',
        context: 'i tid för att gruppens dagsplanering ska hålla',
      },
    ],
  },
  {
    organisation: 'Arbetsförmedlingen',
    title: 'Kökshygien på arbetsplatsen',
    tasks: ['Innehavaren kan utföra enklare beredning och rengöring i storkök enligt verksamhetens egenkontroll.'],
    validityMonths: 24,
    hours: 8,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'förklara',
        content: 'hur bakterier sprids mellan råvaror, redskap och händer',
        context: 'i ett storkök med separata ytor för råa och tillagade livsmedel',
      },
      {
        category: 'skill',
        activity: 'rengöra',
        content: 'arbetsytor, skärbrädor och redskap mellan två arbetsmoment',
        context: 'enligt verksamhetens städschema och doseringsanvisning',
      },
      {
        category: 'responsibility',
        activity: 'avgöra',
        content: 'när egna symtom innebär att livsmedel inte får hanteras',
        context: 'enligt verksamhetens egenkontrollprogram och i samråd med arbetsledaren',
      },
    ],
  },
  {
    organisation: 'Arbetsförmedlingen',
    title: 'Kundbemötande i butik',
    tasks: ['Innehavaren kan ta emot, hjälpa och avsluta ett kundmöte i butik.'],
    hours: 12,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'redogöra',
        content: 'för kundens rätt vid reklamation, öppet köp och ångerrätt',
        context: 'utifrån konsumentköplagen och butikens egna villkor',
      },
      {
        category: 'skill',
        activity: 'ställa',
        content: 'öppna behovsfrågor till en kund',
        context: 'för att kunna föreslå en vara inom kundens angivna prisram',
      },
      {
        category: 'responsibility',
        activity: 'bedöma',
        content: 'när ett kundärende ska lämnas över till butiksansvarig',
        context: 'enligt butikens rutin för hot, våld och klagomål',
      },
    ],
  },
  {
    organisation: 'Handelsrådet',
    title: 'Textil- och modevärdering av begagnade plagg',
    tasks: ['Innehavaren kan värdera och prissätta inlämnade plagg för återförsäljning.'],
    validityMonths: 36,
    hours: 16,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'beskriva',
        content: 'hur fiberslag, märkning och tillverkningsår påverkar ett plaggs andrahandsvärde',
        context: 'med stöd av plaggets tvättrådslapp och varumärkets egna uppgifter',
      },
      {
        category: 'skill',
        activity: 'gradera',
        content: 'ett begagnat plaggs skick i butikens skala',
        context: 'så att två bedömare kommer till samma grad i minst åtta av tio plagg',
      },
      {
        category: 'responsibility',
        activity: 'besluta',
        content: 'om ett inlämnat plagg ska tas emot, nekas eller sändas till äkthetskontroll',
        context: 'inom det egna mandatet och enligt butikens inköpspolicy',
      },
    ],
  },
  {
    organisation: 'Proteko – Nordiska Textilakademin',
    title: 'Reparationssömnad: laga sömmar och revor',
    tasks: ['Innehavaren kan laga uppgångna sömmar och revor i vävda plagg.'],
    hours: 12,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'jämföra',
        content: 'hur handsydda stygn och maskinsömmar bär belastning',
        context: 'vid lagning av vävda material i vardagsplagg',
      },
      {
        category: 'skill',
        activity: 'sy',
        content: 'en osynlig lagning av en reva på högst fem centimeter',
        context: 'i vävt material så att lagningen håller för tvätt enligt tvättrådet',
      },
      {
        category: 'responsibility',
        activity: 'prioritera',
        content: 'vilka skador som ska åtgärdas på ett inlämnat plagg',
        context: 'utifrån kundens önskemål, överenskommet pris och plaggets återstående livslängd',
      },
    ],
  },
  {
    organisation: 'Proteko – Nordiska Textilakademin',
    title: 'Reparationssömnad: byta dragkedja',
    tasks: ['Innehavaren kan byta ut dragkedja i byxor, kjolar och jackor.'],
    hours: 8,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'ange',
        content: 'vilken typ, tandstorlek och längd av dragkedja som passar ett plagg',
        context: 'utifrån plaggets material, öppning och användning',
      },
      {
        category: 'skill',
        activity: 'montera',
        content: 'en ny dragkedja med symaskin',
        context: 'så att tyget ligger slätt och dragkedjan löper utan motstånd',
      },
      {
        category: 'responsibility',
        activity: 'informera',
        content: 'kunden om reparationens pris, tid och synlighet',
        context: 'innan arbetet påbörjas och enligt ateljéns prislista',
      },
    ],
  },
  {
    organisation: 'Skellefteå kommun',
    title: 'Yrkessvenska: läsa genomförandeplanen',
    tasks: ['Innehavaren kan planera dagens insatser hos en brukare efter genomförandeplanen.'],
    hours: 20,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'förklara',
        content: 'vad målen och insatserna i en genomförandeplan betyder',
        context: 'med egna ord på svenska för en kollega inom hemtjänsten',
      },
      {
        category: 'skill',
        activity: 'hitta',
        content: 'uppgifter om insatser, tider och risker i en brukares genomförandeplan',
        context: 'inom fem minuter i verksamhetens dokumentationssystem',
      },
      {
        category: 'responsibility',
        activity: 'kontrollera',
        content: 'oklara formuleringar i genomförandeplanen med ansvarig kollega',
        context: 'innan insatsen utförs hos brukaren',
      },
    ],
  },
  {
    organisation: 'Skellefteå kommun',
    title: 'Yrkessvenska: dokumentera utförda insatser',
    tasks: ['Innehavaren kan dokumentera utförda insatser och avvikelser skriftligt på svenska.'],
    hours: 20,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'skilja',
        content: 'mellan iakttagelser och egna tolkningar i en anteckning',
        context: 'enligt verksamhetens riktlinje för social dokumentation',
      },
      {
        category: 'skill',
        activity: 'skriva',
        content: 'en anteckning om en utförd insats på svenska',
        context: 'så att nästa arbetspass kan följa vad som är gjort, när och av vem',
      },
      {
        category: 'responsibility',
        activity: 'rapportera',
        content: 'en händelse eller förändring i brukarens mående till sjuksköterska',
        context: 'samma arbetspass och med hänsyn till tystnadsplikten',
      },
    ],
  },
  {
    organisation: 'Skellefteå Kraft',
    title: 'Vakthavande drifttekniker vattenkraft: hantera larm',
    tasks: ['Innehavaren kan ta emot, bedöma och åtgärda driftlarm under beredskap.'],
    validityMonths: 24,
    hours: 40,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'redogöra',
        content: 'för hur vattenstånd, tappning och dammlarm hänger samman',
        context: 'i de stationer som ingår i beredskapsområdet',
      },
      {
        category: 'skill',
        activity: 'felsöka',
        content: 'ett aggregatstopp från driftcentralens övervakningssystem',
        context: 'enligt stationens larmlista och inom tiden för larmklassen',
      },
      {
        category: 'responsibility',
        activity: 'fatta',
        content: 'beslut om att stoppa ett aggregat eller kalla in förstärkning',
        context: 'vid ensam jour och enligt företagets instruktion för dammsäkerhet',
      },
    ],
  },
  {
    organisation: 'Sobona',
    title: 'Underhållskunskap VA: tillsyn av pumpstation',
    tasks: ['Innehavaren kan utföra tillsyn och förebyggande underhåll i en avloppspumpstation.'],
    validityMonths: 36,
    hours: 16,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'beskriva',
        content: 'hur en avloppspumpstations pumpar, nivågivare och backventiler samverkar',
        context: 'vid normal drift och vid bräddning',
      },
      {
        category: 'skill',
        activity: 'mäta',
        content: 'drifttid, ström och vibration på en dränkbar pump',
        context: 'enligt underhållsplanen och med kalibrerade instrument',
      },
      {
        category: 'responsibility',
        activity: 'säkra',
        content: 'arbetsplatsen inför nedstigning i pumpsump',
        context: 'enligt arbetsmiljöreglerna för slutna utrymmen och i samråd med arbetsledaren',
      },
    ],
  },
  {
    organisation: 'Sobona',
    title: 'Insteg fastighet: rondera flerbostadshus',
    tasks: ['Innehavaren kan genomföra en rond i flerbostadshus och anmäla fel.'],
    hours: 8,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'ge exempel',
        content: 'på fel i trapphus, källare och utemiljö som innebär en säkerhetsrisk',
        context: 'utifrån fastighetsägarens ronderingslista',
      },
      {
        category: 'skill',
        activity: 'registrera',
        content: 'upptäckta fel med plats, bild och beskrivning',
        context: 'i fastighetssystemet så att en tekniker kan åtgärda felet utan återbesök',
      },
      {
        category: 'responsibility',
        activity: 'avbryta',
        content: 'en rond för att spärra av en farlig plats',
        context: 'enligt fastighetsägarens rutin och inom det egna mandatet',
      },
    ],
  },
  {
    organisation: 'Sobona',
    title: 'Textilkunskap för cirkulär ekonomi: sortera insamlad textil',
    tasks: ['Innehavaren kan sortera insamlad textil för återanvändning och materialåtervinning.'],
    hours: 8,
    outcomes: [
      {
        category: 'knowledge',
        activity: 'namnge',
        content: 'de vanligaste fiberslagen i kläder och hemtextil',
        context: 'med stöd av märkning, känsla och utseende',
      },
      {
        category: 'skill',
        activity: 'sortera',
        content: 'insamlad textil i återbruk, materialåtervinning och restavfall',
        context: 'enligt anläggningens sorteringsguide och i den takt som bandet kräver',
      },
      {
        category: 'responsibility',
        activity: 'stoppa',
        content: 'flödet när förorenad eller brandfarlig textil upptäcks',
        context: 'enligt anläggningens skyddsinstruktion och utan att invänta arbetsledaren',
      },
    ],
  },
];

/** Nobody by these names exists; every document says that its holder is invented. */
export const DEMO_HOLDERS: readonly { readonly givenName: string; readonly familyName: string }[] = [
  {
    givenName: 'Alva',
    familyName: 'Exempelsson (påhittad)',
  },
  {
    givenName: 'Bilal',
    familyName: 'Påhittad (påhittad)',
  },
  {
    givenName: 'Cecilia',
    familyName: 'Demostrand (påhittad)',
  },
  {
    givenName: 'Dragan',
    familyName: 'Provberg (påhittad)',
  },
  {
    givenName: 'Elsa',
    familyName: 'Fiktivgren (påhittad)',
  },
  {
    givenName: 'Fatima',
    familyName: 'Exempelberg (påhittad)',
  },
  {
    givenName: 'Gustav',
    familyName: 'Demosson (påhittad)',
  },
];
