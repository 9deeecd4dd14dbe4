// The catalogue: what the shop sells, and a drawing of each thing.

const CLAY = "#b4532a", PINE = "#2f4a3c", CREAM = "#fbf6ec", BRASS = "#d9a441", SLATE = "#3c4650", MIST = "#9db4ab";

const DRAWINGS = {
  "fell-kettle": `<path d="M38 52q0-22 22-22t22 22" fill="none" stroke="${SLATE}" stroke-width="5"/>
    <path d="M30 92q-4-40 30-42 34 2 30 42z" fill="${PINE}"/><path d="M86 64l18-10-6 22-10 4z" fill="${PINE}"/>
    <circle cx="60" cy="47" r="5" fill="${BRASS}"/><path d="M40 84q-2-20 10-26" fill="none" stroke="${MIST}" stroke-width="4" stroke-linecap="round"/>`,
  "rook-teapot": `<ellipse cx="58" cy="68" rx="30" ry="25" fill="${CLAY}"/><path d="M84 62q14-4 18-20l-8-2q-4 10-14 12z" fill="${CLAY}"/>
    <path d="M30 58q-16 0-14 14t20 12" fill="none" stroke="${CLAY}" stroke-width="6"/><ellipse cx="58" cy="45" rx="17" ry="5" fill="${SLATE}"/>
    <circle cx="58" cy="38" r="5" fill="${SLATE}"/>`,
  "harbour-mugs": `<rect x="22" y="50" width="32" height="38" rx="5" fill="${MIST}"/><path d="M22 58q-12 0-10 12t12 8" fill="none" stroke="${MIST}" stroke-width="5"/>
    <rect x="62" y="42" width="34" height="46" rx="5" fill="${PINE}"/><path d="M96 52q13 0 11 13t-13 9" fill="none" stroke="${PINE}" stroke-width="5"/>
    <path d="M22 62h32M62 56h34" stroke="${CREAM}" stroke-width="3"/>`,
  "tea-caddy": `<rect x="34" y="44" width="52" height="48" rx="4" fill="${BRASS}"/><rect x="31" y="34" width="58" height="13" rx="4" fill="${SLATE}"/>
    <circle cx="60" cy="68" r="13" fill="${CREAM}"/><path d="M60 78q-9-10 0-21 9 11 0 21z" fill="${PINE}"/>`,
  "iron-skillet": `<circle cx="50" cy="66" r="32" fill="${SLATE}"/><circle cx="50" cy="66" r="25" fill="#525d68"/>
    <path d="M72 44l26-24 8 8-24 26z" fill="${SLATE}"/><circle cx="99" cy="27" r="3" fill="${CREAM}"/>
    <path d="M34 58q6-10 16-10" fill="none" stroke="${MIST}" stroke-width="3" stroke-linecap="round"/>`,
  "stock-pot": `<rect x="26" y="48" width="68" height="44" rx="7" fill="${CLAY}"/><path d="M26 60h-11v10h11M94 60h11v10h-11" fill="none" stroke="${SLATE}" stroke-width="5"/>
    <path d="M24 48q36-18 72 0z" fill="#8f3f1e"/><circle cx="60" cy="35" r="5" fill="${BRASS}"/>`,
  "balloon-whisk": `<path d="M60 64V104" stroke="${CLAY}" stroke-width="9" stroke-linecap="round"/>
    <path d="M60 64q-26-20-12-44 12-10 24 0 14 24-12 44zm0 0q-10-24 0-50 10 26 0 50z" fill="none" stroke="${SLATE}" stroke-width="3"/>`,
  "beech-spoons": `<ellipse cx="40" cy="34" rx="12" ry="17" fill="${BRASS}"/><path d="M40 50V104" stroke="${BRASS}" stroke-width="7" stroke-linecap="round"/>
    <ellipse cx="78" cy="34" rx="12" ry="17" fill="#bf8c35"/><path d="M78 50V104" stroke="#bf8c35" stroke-width="7" stroke-linecap="round"/>`,
  "oak-board": `<rect x="20" y="38" width="66" height="52" rx="9" fill="#c58b4a"/><rect x="84" y="56" width="22" height="16" rx="8" fill="#c58b4a"/>
    <circle cx="98" cy="64" r="3.5" fill="${CREAM}"/><path d="M28 52q26 6 50-2M28 66q26 6 50-2M28 80q26 4 50-2" fill="none" stroke="#a9713a" stroke-width="2.5"/>`,
  "tide-bowl": `<path d="M18 56h84q-4 36-42 36t-42-36z" fill="${MIST}"/><ellipse cx="60" cy="56" rx="42" ry="9" fill="#7f9b90"/>
    <path d="M26 70q34 12 68 0" fill="none" stroke="${CREAM}" stroke-width="3"/>`,
  "clear-carafe": `<path d="M48 20h24v20q20 12 18 34-2 22-30 22t-30-22q-2-22 18-34z" fill="#cfdedb"/>
    <path d="M31 68q29-10 58 0 2 26-29 26t-29-26z" fill="${MIST}"/><rect x="46" y="16" width="28" height="7" rx="3" fill="${BRASS}"/>`,
  "linen-napkins": `<path d="M24 42l44-14 28 12-44 16z" fill="#e4d8c1"/><path d="M24 42l28 14v34L24 76z" fill="#d3c3a4"/>
    <path d="M52 56l44-16v34L52 90z" fill="#efe6d3"/><path d="M58 66l32-11M58 76l32-11" stroke="${CLAY}" stroke-width="2.5"/>`,
};

const thing = (slug, name, category, price, rating, votes, line, sizes) => ({ slug, name, category, price, rating, votes, line, sizes });

export const PRODUCTS = [
  thing("fell-kettle", "Fell kettle", "tea", 64, 4.7, 212, "Enamelled steel, whistles politely.", ["1.2 l", "1.8 l"]),
  thing("rook-teapot", "Rook teapot", "tea", 38, 4.5, 98, "Red stoneware with a basket that lifts out.", ["2 cups", "4 cups", "6 cups"]),
  thing("harbour-mugs", "Harbour mugs, pair", "tea", 24, 4.8, 341, "One wide, one tall. Nobody has to share.", ["Mist and pine", "Clay and cream"]),
  thing("tea-caddy", "Leaf caddy", "tea", 18, 4.2, 57, "Tinplate, holds 250 g and keeps the damp out.", ["250 g"]),
  thing("iron-skillet", "Iron skillet", "cooking", 56, 4.9, 420, "Cast in Leith, seasoned twice, good for decades.", ["20 cm", "26 cm", "30 cm"]),
  thing("stock-pot", "Sunday stock pot", "cooking", 72, 4.4, 76, "Seven litres for a slow afternoon.", ["5 l", "7 l"]),
  thing("balloon-whisk", "Balloon whisk", "cooking", 12, 4.1, 133, "Eleven wires and a handle of ash.", ["25 cm"]),
  thing("beech-spoons", "Beech spoons, two", "cooking", 16, 4.6, 88, "Turned and oiled, one for each hand.", ["Long", "Short"]),
  thing("oak-board", "Oak board", "table", 34, 4.7, 164, "A single plank with a hole to hang it by.", ["Small", "Large"]),
  thing("tide-bowl", "Tide bowl", "table", 29, 4.3, 61, "Wide and shallow, glazed the colour of slack water.", ["22 cm", "28 cm"]),
  thing("clear-carafe", "Clear carafe", "table", 22, 4.0, 45, "Blown from recycled glass, with a brass lid.", ["0.7 l", "1 l"]),
  thing("linen-napkins", "Linen napkins, four", "table", 20, 4.6, 119, "Washed soft, hemmed by hand.", ["Cream", "Clay stripe"]),
];

export const CATEGORIES = { tea: "Tea and coffee", cooking: "Cooking", table: "At the table" };

export const find = (slug) => PRODUCTS.find((product) => product.slug === slug);
export const pounds = (amount) => `£${amount.toFixed(2)}`;
export const drawing = (slug) =>
  `<svg class="drawing" viewBox="0 0 120 120" role="img" aria-label="${find(slug).name}">${DRAWINGS[slug]}</svg>`;

export const ICONS = {
  plus: `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M10 4v12M4 10h12"/></svg>`,
  heart: `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M10 16.5S3 12.3 3 7.6A3.6 3.6 0 0 1 10 6a3.6 3.6 0 0 1 7 1.6c0 4.7-7 8.9-7 8.9z"/></svg>`,
  basket: `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M3 8h14l-1.6 8.5H4.6zM6.5 8L9 3M13.5 8L11 3"/></svg>`,
  bin: `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 6h12M8 6V4h4v2M6 6l.8 10.5h6.4L14 6"/></svg>`,
  arrow: `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 10h12M11 5l5 5-5 5"/></svg>`,
};
