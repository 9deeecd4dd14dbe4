import { PRODUCTS, drawing } from "./products.js";
import { fill, listen } from "./rows.js";

const liked = [...PRODUCTS].sort((a, b) => b.rating - a.rating);
const list = document.querySelector(".shelf");
const pictures = ["fell-kettle", "tide-bowl", "rook-teapot", "oak-board"].map((slug) => `<div>${drawing(slug)}</div>`);

document.querySelector(".hero-picture").innerHTML = pictures.join("");
fill(list, liked.slice(0, 4));
listen(list);
