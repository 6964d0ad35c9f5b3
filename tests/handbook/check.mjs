// SPDX-License-Identifier: MIT
// Looks at the built handbook as a reader would, in a real browser.
//
//     node check.mjs BUILD [ONLY]     (make docs-check does this)
//
// ONLY is a part of the names of pages, with | between several: just these are
// looked at, and what concerns the whole is left out. The search goes with "index".
//
// BUILD/docs/html is the student's edition, BUILD/docs-instructor/html the
// instructor's, if it is there; BUILD/handbook has node_modules, and in again/
// the same editions built once more. Every page is opened from file://, once;
// nothing else is ever requested. The last line is "N passed, N failed".
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const build = path.resolve(process.argv[2] ?? "build");
const only = new RegExp(process.argv[3] ?? "");
const whole = !process.argv[3];
const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(build, "handbook", "check.js"));
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PHONE = 390; // pixels across
// What has no time to be read under its title, and what an edition is known by.
const TIMELESS = /^(index|files|card|\w+_8c(_source)?)\.html$/;
const TEACHING = /^(instructor|grading|reports|scale|mistakes\w*|differences|maintainer)\.html$/;
const TABS = 2;
const PAGE_MS = 30000, ALL_MS = 600000; // the longest that a page, the whole may take

let passed = 0, failed = 0;
function check(ok, what, why = []) {
    if (ok) {
        passed++;
        return;
    }
    failed++;
    console.log(`FAILED  ${what}`);
    for (const line of [why].flat().slice(0, 8))
        console.log(`        ${line}`);
}

function files(folder, below = "") {
    return fs.readdirSync(path.join(folder, below), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? files(folder, path.join(below, entry.name))
            : [path.join(below, entry.name)]).sort();
}

// ------------------------------------------- what runs inside a page

// Everything that other checks want to know about a page, in one go.
function readPage() {
    const all = (selector) => [...document.querySelectorAll(selector)];
    return {
        ids: all("[id]").map((e) => e.id),
        names: all("a[name]").map((e) => e.name),
        links: all("a[href], area[href]").map((e) => e.href),
        listing: all("div.fragment .line").map((line) => {
            const copy = line.cloneNode(true);
            copy.querySelectorAll(".lineno, .ttc").forEach((e) => e.remove());
            return copy.textContent.trim();
        }),
        text: document.documentElement.textContent.replace(/\s+/g, " "),
    };
}

// What sticks out of a phone's screen, unless it scrolls in a box of its own.
function tooWide(width) {
    const page = ["HTML", "BODY"];
    const own = (e) => page.includes(e.tagName) || e.id === "doc-content";
    const boxed = (e) => {
        for (let up = e.parentElement; up && !own(up); up = up.parentElement)
            if (getComputedStyle(up).overflowX !== "visible")
                return true;
        return false;
    };
    const out = [];
    for (const e of [document.documentElement, document.body, document.querySelector("#doc-content")])
        if (e && (e.scrollWidth > Math.max(width, e.clientWidth)))
            out.push(`<${e.tagName.toLowerCase()}> is ${e.scrollWidth} wide`);
    for (const e of document.querySelectorAll("body *")) {
        const { right, width: w, height } = e.getBoundingClientRect();
        if (right > width + 1 && w > 0 && height > 0 && getComputedStyle(e).visibility !== "hidden" &&
            getComputedStyle(e).position !== "fixed" && !boxed(e))
            out.push(`${e.tagName.toLowerCase()}.${e.className} ends at ${Math.round(right)}: ` +
                `${e.textContent.trim().slice(0, 40)}`);
    }
    return out;
}

// What scrolls sideways says so: a mark in sight, and the Tab key stops there.
function noCue() {
    const out = [];
    for (const block of document.querySelectorAll("main div.fragment, main pre, main .scroll, main .memproto")) {
        if (block.scrollWidth <= block.clientWidth + 1)
            continue;
        const box = block.closest(".copybox") ?? block;
        const said = getComputedStyle(box, "::after").content !== "none" || getComputedStyle(box).boxShadow !== "none";
        if (!said || block.tabIndex < 0)
            out.push(`${block.className}, ${block.scrollWidth - block.clientWidth} hidden: ${block.textContent.trim().slice(0, 50)}`);
    }
    return out;
}

// A table that a phone's screen does not hold, even if it scrolls in a box.
function wideTables(width) {
    return [...document.querySelectorAll("main table:not(.memberdecls, .memname, .mlabels)")]
        .filter((table) => table.getBoundingClientRect().width > width || table.scrollWidth > table.clientWidth + 1)
        .map((table) => `${Math.round(table.scrollWidth)} wide: ${table.textContent.trim().slice(0, 50)}`);
}

// After "Predict" comes no output that is in sight, and then a fold. This looks at
// the page as it was opened, before anything is unfolded.
function spoiled() {
    const out = [];
    const asks = (e) => [...e.querySelectorAll("b, strong")].some((b) => /^Predict/.test(b.textContent)) &&
        !e.closest("details");
    const inOrder = [...document.querySelectorAll("main :is(h2, h3, h4, p, li, details, div.fragment)")]
        .filter((e) => !e.parentElement.closest("details"));
    inOrder.forEach((ask, at) => {
        if (!/^(P|LI)$/.test(ask.tagName) || !asks(ask) || (ask.tagName === "LI" && ask.querySelector("p")))
            return;
        for (const next of inOrder.slice(at + 1)) {
            if (ask.contains(next))
                continue;
            if (next.matches("details.predicted")) {
                if (next.open)
                    out.push(`open: ${ask.textContent.slice(0, 60)}`);
                return;
            }
            if (/^H\d$/.test(next.tagName) ||
                (next.matches(".fragment.terminal") && next.querySelector(".line:not(.command):not(:empty)"))) {
                out.push(`${ask.textContent.replace(/\s+/g, " ").slice(0, 60)} … ${next.textContent.slice(0, 30)}`);
                return;
            }
        }
        out.push(`no fold: ${ask.textContent.slice(0, 60)}`);
    });
    return out;
}

// Every rule in light; in dark those that look at colours: the rest is the same.
function violations(scheme) {
    const rules = scheme === "dark" ? { runOnly: ["color-contrast", "link-in-text-block"] } : {};
    return globalThis.axe.run(document, { resultTypes: ["violations"], preload: false, ...rules }).then((result) =>
        result.violations.map((v) => `${v.id}: ${v.nodes.length} × ${v.help}: ` +
            v.nodes[0].target.join(" ") + " " + (v.nodes[0].any[0]?.message ?? "")));
}

// ------------------------------------------------------------ a tab

async function newTab(browser, seen) {
    // A context has a window of its own: a tab behind another is not painted,
    // and hears nothing of a new colour scheme.
    const context = seen.own ? await browser.createBrowserContext() : browser;
    const tab = await context.newPage();
    tab.setDefaultTimeout(PAGE_MS);
    await tab.setRequestInterception(true);
    tab.on("request", (request) => {
        if (/^(file|data|blob):/.test(request.url())) {
            request.continue();
        } else {
            seen.requests.push(request.url());
            request.abort();
        }
    });
    tab.on("requestfailed", (request) => {
        if (request.failure()?.errorText !== "net::ERR_ABORTED")
            seen.errors.push(`${request.url()}: ${request.failure()?.errorText}`);
    });
    tab.on("console", (message) => {
        if (message.type() === "error")
            seen.errors.push(message.text());
    });
    tab.on("pageerror", (error) => seen.errors.push(String(error)));
    // What fades is judged at its end.
    await tab.evaluateOnNewDocument(() => document.addEventListener("DOMContentLoaded", () =>
        document.head.insertAdjacentHTML("beforeend",
            "<style>*{transition:none!important;animation:none!important}</style>")));
    return tab;
}

// Some of a page is made by its scripts after it has been loaded. Hints are
// unfolded: they are looked at too.
async function open(tab, edition, name) {
    await tab.goto(pathToFileURL(path.join(edition.folder, name)).href, { waitUntil: "load" });
    await tab.waitForFunction(() => document.querySelector(".theme:not([hidden])") &&
        document.querySelector("#search"), { polling: 20 });
    const told = await tab.evaluate(spoiled);
    await tab.evaluate(() => document.querySelectorAll("details").forEach((e) => { e.open = true; }));
    return told;
}

// A size is seen by the page, and what its scripts watch, one frame later.
async function resize(tab, width, height) {
    await tab.setViewport({ width, height });
    await tab.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go)))));
}

async function scheme(tab, value) {
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    await tab.waitForFunction((dark) =>
        document.documentElement.classList.contains("dark-mode") === dark, { polling: 20 }, value === "dark");
}

async function visit(tab, seen, edition, name) {
    const what = `${edition.name} ${name}: `;
    seen.errors.length = seen.requests.length = 0;
    await tab.setViewport({ width: 1280, height: 900 });
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    const told = await open(tab, edition, name);
    check(told.length === 0, what + "a prediction's answer is in sight", told);
    edition.pages.set(name, await tab.evaluate(readPage));
    await tab.evaluate(axe);
    for (const value of ["light", "dark"]) {
        await scheme(tab, value);
        const wrong = await tab.evaluate(violations, value);
        check(wrong.length === 0, what + `axe-core, ${value}`, wrong);
    }
    if (!TIMELESS.test(name)) {
        const time = await tab.evaluate(() => document.querySelector("h1 + .time")?.textContent ?? "");
        check(/^[\d,]+ words, \d+ minutes? to read$/.test(time), what + "how long it takes to read", time || "no time");
    }
    for (const width of [1280, PHONE]) {
        await resize(tab, width, 844);
        const silent = await tab.evaluate(noCue);
        check(silent.length === 0, what + `what scrolls at ${width} says so`, silent);
    }
    const wide = await tab.evaluate(tooWide, PHONE);
    check(wide.length === 0, what + `wider than ${PHONE} pixels`, wide);
    const tables = await tab.evaluate(wideTables, PHONE);
    check(tables.length === 0, what + "a table wider than a phone", tables);
    check(seen.errors.length === 0, what + "errors on the console", [...seen.errors]);
    check(seen.requests.length === 0, what + "asks for what is not in file://", [...seen.requests]);
}

// ------------------------------------------------- checks of an edition

function checkLinks(edition, external) {
    const lacks = (from, link) => {
        const url = new URL(link, pathToFileURL(path.join(edition.folder, from)));
        if (url.protocol !== "file:") {
            if (/^https?:$/.test(url.protocol))
                external.add(url.href);
            return null;
        }
        const target = path.relative(edition.folder, fileURLToPath(url.href.split("#")[0]));
        const anchor = decodeURIComponent(url.hash.slice(1));
        if (!fs.existsSync(path.join(edition.folder, target)) || target.startsWith(".."))
            return `${link}: no such file`;
        const page = edition.pages.get(target);
        if (!page || !anchor)
            return null;
        const times = page.ids.filter((id) => id === anchor).length || page.names.filter((n) => n === anchor).length;
        return times === 1 ? null : `${link}: ${times ? "that anchor is there twice" : "no such anchor"}`;
    };
    for (const [name, page] of edition.pages) {
        const wrong = [...new Set(page.links)].map((link) => lacks(name, link)).filter(Boolean);
        check(wrong.length === 0, `${edition.name} ${name}: links`, wrong);
    }
    // The search has its places in a script.
    const wrong = searched(edition).rows.map(([name, anchor]) =>
        lacks("index.html", pathToFileURL(path.join(edition.folder, `${name}.html`)).href + (anchor && `#${anchor}`))).filter(Boolean);
    check(wrong.length === 0, `${edition.name}: where the search leads`, wrong);
    const theirs = [...edition.pages.keys()].filter((name) => TEACHING.test(name));
    check(edition.student === (theirs.length === 0), `${edition.name}: pages for teachers and maintainers`, theirs);
}

// What the search looks through.
function searched(edition) {
    const script = fs.readFileSync(path.join(edition.folder, "search-data.js"), "utf8");
    return JSON.parse(script.slice(script.indexOf("{"), script.lastIndexOf("}") + 1));
}

// Every word that the search shall know finds something; what is found is shown
// with its page, a heading, and the words around. By keyboard alone.
async function checkSearch(tab, edition) {
    const what = `${edition.name}: the search`;
    await resize(tab, 1280, 900);
    await open(tab, edition, "index.html");
    await tab.evaluate(axe);
    await tab.keyboard.press("/");
    await tab.waitForFunction(() => document.activeElement.matches("#search input"), { polling: 20 });
    const ask = async (word) => {
        await tab.evaluate((word) => {
            const field = document.querySelector("#search input");
            field.value = word;
            field.dispatchEvent(new Event("input"));
        }, word);
        return tab.evaluate(() => [...document.querySelectorAll("#search .hit")].map((hit) => hit.innerText));
    };
    await tab.keyboard.type("htons", { delay: 5 });
    await tab.waitForFunction(() => document.querySelector("#search .hit"), { polling: 20 });
    const data = searched(edition);
    const words = [...data.synonyms.map(([theirs]) => theirs), ...data.known];
    check(words.length > 50, `${what} has words to try`);
    const nothing = [];
    for (const word of words)
        if (!(await ask(word)).length)
            nothing.push(word);
    check(nothing.length === 0, `${what} finds every word of docs/theme/synonyms`, nothing.join(", "));
    for (const [word, wanted] of FIRST) {
        const first = (await ask(word)).slice(0, 3);
        check(first.some((text) => wanted.test(text)), `${what}: ${word} finds ${wanted} among the first three`, first);
    }
    check(!(await ask("zzyzx")).length, `${what} finds nothing where there is nothing`);
    await ask("TIME_WAIT");
    for (const value of ["light", "dark"]) {
        await scheme(tab, value);
        const wrong = await tab.evaluate(violations, value);
        check(wrong.length === 0, `${what}: axe-core, ${value}`, wrong);
    }
    await tab.keyboard.press("ArrowDown");
    const link = await tab.evaluate(() => document.activeElement.matches("#search .hit") && document.activeElement.href);
    check(link, `${what}: an arrow leads to what was found`);
    await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
    check(tab.url() === link, `${what}: Enter goes there`, `${tab.url()}, not ${link}`);
    await tab.keyboard.press("/");
    await tab.keyboard.press("Escape");
    check(await tab.evaluate(() => !document.querySelector("#search").open), `${what}: Esc closes it`);
}

// What a reader of the word means stands among the first three.
const FIRST = [["endian", /byte order/i], ["three-way", /handshake/i], ["already in use", /EADDRINUSE/],
    ["select", /poll/], ["backpressure", /buffer/i], ["TIME_WAIT", /TIME-WAIT/], ["htons()", /htons/]];

// On a phone the pages are behind a button, the steps first.
async function checkMenu(tab, edition) {
    await resize(tab, PHONE, 844);
    await open(tab, edition, "step_02_bind.html");
    const seen = () => tab.evaluate(() => [...document.querySelectorAll("#pages .road a")]
        .filter((link) => link.checkVisibility()).length);
    const steps = files(edition.folder).filter((name) => /^step_\w+\.html$/.test(name)).length;
    check(await seen() === 0, `${edition.name}: the phone's menu is folded`);
    await tab.click(".menu");
    check(await seen() === steps, `${edition.name}: the phone's menu has all ${steps} steps`, `it has ${await seen()}`);
    await tab.keyboard.press("Escape");
    check(await seen() === 0, `${edition.name}: Esc folds the phone's menu`);
}

// What is copied is the block, or of a terminal its commands without "$ ".
async function checkCopy(tab, edition, name) {
    if (!edition.pages.has(name))
        return;
    await tab.setViewport({ width: 1280, height: 900 });
    await open(tab, edition, name);
    await tab.bringToFront();
    const buttons = await tab.$$(".copybox > button");
    check(buttons.length > 0, `${edition.name} ${name}: has copy buttons`);
    for (const [at, button] of buttons.entries()) {
        check(await button.evaluate((e) => e.tabIndex >= 0),
            `${edition.name} ${name}: copy button ${at + 1} is reached by the keyboard`);
        const block = await button.evaluate((e) => {
            const copy = e.previousElementSibling.cloneNode(true);
            copy.querySelectorAll(".lineno, .ttc").forEach((gone) => gone.remove());
            return copy.querySelector(".line") ?
                [...copy.querySelectorAll(".line")].map((line) => line.textContent.replace(/\n$/, "")) :
                copy.textContent.replace(/\n+$/, "").split("\n");
        });
        await button.evaluate(() => navigator.clipboard.writeText("nothing"));
        await button.evaluate((e) => { e.scrollIntoView({ block: "center" }); e.click(); });
        await tab.waitForFunction(async () => await navigator.clipboard.readText() !== "nothing",
            { timeout: 3000, polling: 50 }).catch(() => {});
        const copied = (await tab.evaluate(() => navigator.clipboard.readText())).split("\n");
        const commands = block.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
        const same = (lines) => lines.join("\n").trimEnd() === copied.join("\n").trimEnd();
        check(same(block) || (commands.length > 0 && same(commands)),
            `${edition.name} ${name}: copy button ${at + 1}`, [`copied: ${copied.join("|").slice(0, 100)}`,
                `block:  ${block.join("|").slice(0, 100)}`]);
    }
}

// A canary is a line that only a solution has. The student's listings have
// none; its comments stand nowhere in the student's edition, and to prove that
// the check can see them, all somewhere in the instructor's.
function checkCanaries(editions) {
    const read = (folder) => Object.fromEntries(files(path.join(top, folder)).filter((f) =>
        f.endsWith(".c")).map((f) => [f, fs.readFileSync(path.join(top, folder, f), "utf8")
        .split("\n").map((line) => line.trim())]));
    const starters = new Set(Object.values(read("steps")).flat());
    for (const [file, lines] of Object.entries(read("solutions"))) {
        const only = lines.filter((line) => line.length >= 20 && !starters.has(line));
        const comments = only.filter((line) => /^(\/\/|\/\*|\*)/.test(line))
            .map((line) => line.replace(/^[/*\s]+|[*/\s]+$/g, "")).filter((line) => line.length >= 40);
        check(comments.length > 0, `solutions/${file}: has lines that no starter has`);
        for (const edition of editions) {
            const where = comments.map((comment) => [comment,
                [...edition.pages].find(([, page]) => page.text.includes(comment))?.[0]]);
            if (edition.student) {
                const told = where.filter(([, name]) => name);
                check(told.length === 0, `${edition.name}: comments of solutions/${file}`,
                    told.map(([comment, name]) => `${name}: ${comment}`));
                const leaks = [...edition.pages].filter(([name]) => name.endsWith("_source.html"))
                    .flatMap(([name, page]) => only.filter((line) => page.listing.includes(line))
                        .map((line) => `${name}: ${line}`));
                check(leaks.length === 0, `${edition.name}: lines of solutions/${file} in a listing`, leaks);
            } else {
                const lost = where.filter(([, name]) => !name);
                check(lost.length === 0, `${edition.name}: has solutions/${file}`,
                    lost.map(([comment]) => `nowhere: ${comment}`));
            }
        }
    }
}

function checkTwice(edition) {
    const again = path.join(build, "handbook", "again", path.basename(path.dirname(edition.folder)), "html");
    const [first, second] = [edition.folder, again].map((folder) => fs.existsSync(folder) ? files(folder) : []);
    const differ = [...new Set([...first, ...second])].filter((name) =>
        !first.includes(name) || !second.includes(name) ||
        !fs.readFileSync(path.join(edition.folder, name)).equals(fs.readFileSync(path.join(again, name))));
    check(first.length > 0 && differ.length === 0, `${edition.name}: built twice, the same bytes`, differ);
}

// --------------------------------------------------------------- main

const editions = [["docs", "student's"], ["docs-instructor", "instructor's"]]
    .map(([folder, name]) => ({ name, folder: path.join(build, folder, "html"),
        student: folder === "docs", pages: new Map() }))
    .filter((edition) => fs.existsSync(path.join(edition.folder, "index.html")));
if (!editions[0]?.student) {
    console.log("There is no student's handbook; run: make docs");
    process.exit(1);
}

const profile = fs.mkdtempSync(path.join(os.tmpdir(), "handbook-check-"));
const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    userDataDir: profile,
    headless: true,
    args: ["--headless=new", ...(process.getuid() === 0 ? ["--no-sandbox"] : []), "--disable-gpu",
        "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND"],
});
const alarm = setTimeout(() => {
    console.log(`Not done in ${ALL_MS / 1000} s.\n${passed} passed, ${failed + 1} failed`);
    browser.process().kill("SIGKILL");
    process.exit(1);
}, ALL_MS);

try {
    const queue = editions.flatMap((edition) => files(edition.folder)
        .filter((name) => name.endsWith(".html") && only.test(name))
        .map((name) => [edition, name]));
    await Promise.all(Array.from({ length: TABS }, async () => {
        const seen = { errors: [], requests: [], own: true };
        const tab = await newTab(browser, seen);
        for (let next = queue.shift(); next; next = queue.shift())
            await visit(tab, seen, ...next).catch((error) =>
                check(false, `${next[0].name} ${next[1]}: could be looked at`, String(error)));
        await tab.close();
    }));
    const external = new Set();
    const seen = { errors: [], requests: [] };
    const tab = await newTab(browser, seen);
    const { send } = await tab.createCDPSession().then((s) => ({ send: s.send.bind(s) }));
    for (const name of ["clipboard-read", "clipboard-write"])
        await send("Browser.setPermission", { permission: { name }, setting: "granted" });
    for (const edition of editions) {
        if (whole) {
            checkLinks(edition, external);
            checkTwice(edition);
        }
        if (only.test("index.html")) {
            await checkSearch(tab, edition);
            await checkMenu(tab, edition);
        }
        for (const name of ["step_02_bind.html", "02__bind_8c_source.html"])
            await checkCopy(tab, edition, name);
        check(seen.errors.length + seen.requests.length === 0,
            `${edition.name}: errors while searching and copying`, [...seen.errors, ...seen.requests]);
    }
    if (whole)
        checkCanaries(editions);
    fs.writeFileSync(path.join(build, "handbook", "external-links"), [...external].sort().join("\n") + "\n");
    const pages = editions.map((edition) => `${edition.name} edition: ${edition.pages.size} pages`);
    console.log(`${pages.join(", ")}; ${external.size} links to other hosts, not followed ` +
        `(${path.relative(process.cwd(), path.join(build, "handbook", "external-links"))})`);
} catch (error) {
    check(false, "the check itself", String(error.stack).split("\n"));
} finally {
    clearTimeout(alarm);
    await browser.close();
    fs.rmSync(profile, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
