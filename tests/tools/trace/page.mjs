// SPDX-License-Identifier: MIT
// Opens a ladder's page in a real browser: page.mjs BUILD FILE. Prints what is
// wrong with it, a line each; nothing is what it should print.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(path.join(path.resolve(process.argv[2]), "handbook", "page.js"));
const puppeteer = require("puppeteer-core");
const axe = require("node:fs").readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...(process.getuid() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"],
});
const url = pathToFileURL(path.resolve(process.argv[3])).href;
const tab = await browser.newPage();
tab.on("console", (message) => message.type() === "error" && console.log(`console: ${message.text()}`));
tab.on("pageerror", (error) => console.log(`error: ${error}`));
tab.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:"))
        console.log(`it asks for ${request.url()}`);
});
const grounds = new Set();
for (const scheme of ["light", "dark"])
    for (const width of [1280, 390]) {
        await tab.setViewport({ width, height: 900 });
        await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await tab.goto(url);
        const seen = await tab.evaluate(() => ({
            wide: document.documentElement.scrollWidth,
            ground: getComputedStyle(document.body).backgroundColor,
            broken: [...document.querySelectorAll("a[href^='#']")].map((a) => a.getAttribute("href"))
                .filter((href) => !document.getElementById(href.slice(1))),
            rows: document.querySelectorAll("svg .mono, svg .pill").length,
        }));
        grounds.add(seen.ground);
        if (seen.wide > width)
            console.log(`${scheme}, ${width}: the page is ${seen.wide} wide`);
        if (seen.broken.length > 0)
            console.log(`${scheme}, ${width}: links without an end: ${seen.broken.slice(0, 3)}`);
        if (seen.rows < 10)
            console.log(`${scheme}, ${width}: the ladder has ${seen.rows} parts`);
        await tab.evaluate(axe);
        for (const v of await tab.evaluate(() => globalThis.axe.run().then((r) => r.violations)))
            console.log(`${scheme}, ${width}: ${v.id}: ${v.help}: ${v.nodes[0].target}: ${v.nodes[0].any[0]?.message}`);
    }
if (grounds.size !== 2)
    console.log("light and dark look the same");
await browser.close();
