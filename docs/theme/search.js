// The search: a window over the page, opened by its button or the key "/". What it
// looks through is search-data.js; lunr makes the index of it here, the first time.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector(".find");
    if (!button)
        return;
    const LIMIT = 12, EXCERPT = 150;
    document.body.insertAdjacentHTML("beforeend", `<dialog id="search" aria-label="Search">
<form role="search"><input type="search" aria-label="Search the handbook" placeholder="A word, an error, a call" autocomplete="off" spellcheck="false" aria-controls="found">
<button type="button" class="close" aria-label="Close: Esc">Esc</button></form>
<p role="status"></p><ol id="found"></ol></dialog>`);
    const dialog = document.getElementById("search");
    const field = dialog.querySelector("input"), list = dialog.querySelector("ol"), status = dialog.querySelector("p");
    let index = null, loading = null;

    const load = (source) => new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = source;
        script.onload = done;
        script.onerror = failed;
        document.head.append(script);
    });

    // A word as lunr sees it, without the signs around it: "htons()" is htons.
    const clean = (words) => words.toLowerCase().replace(/["'`(),:;?!<>[\]{}*~^+]/g, " ").replace(/\s+/g, " ").trim();

    async function prepare() {
        await Promise.all([load("lunr.min.js"), load("search-data.js")]);
        // A name with an underscore is found by its parts, too.
        lunr.tokenizer.separator = /[\s\-–·/=,;:()[\]{}"<>]+/;
        index = lunr(function () {
            this.ref("at");
            this.field("title", { boost: 6 });
            this.field("heading", { boost: 8 });
            this.field("words");
            this.field("shown", { boost: 0.3 });
            this.pipeline.remove(lunr.stopWordFilter);
            this.searchPipeline.remove(lunr.stopWordFilter);
            this.metadataWhitelist = [];
            handbook.rows.forEach(([page, , heading, words, shown], at) =>
                this.add({ at, title: heading ? "" : handbook.titles[page], heading, words, shown: shown ?? "" }));
        });
    }

    // What readers call otherwise: [their words, ours].
    function known(words) {
        const padded = ` ${words} `;
        return handbook.synonyms.filter(([theirs]) => padded.includes(` ${clean(theirs)} `));
    }

    // The rows that have a word, as it is, in another of its forms, or as the
    // beginning of a longer one; of a name with underscores also its parts.
    function have(term, fuzzy) {
        const scores = new Map();
        const add = (found) => found.forEach(({ ref, score }) => scores.set(+ref, Math.max(scores.get(+ref) ?? 0, score)));
        add(index.query((query) => {
            query.term(term, { boost: 8 });
            if (term.length > 2)
                query.term(term, { wildcard: lunr.Query.wildcard.TRAILING, usePipeline: false });
            if (fuzzy && term.length > 4)
                query.term(term, { editDistance: 1, usePipeline: false });
        }));
        const parts = term.split("_").filter(Boolean);
        if (parts.length > 1)
            ask(parts.join(" "), true).forEach(({ ref, score }) => add([{ ref, score }]));
        return scores;
    }

    // Those that have every word; or any, if that is not required.
    function ask(words, required) {
        const terms = clean(words).split(/[\s\-–·/=]+/).filter(Boolean);
        const all = (fuzzy) => {
            const scores = new Map(), count = new Map();
            for (const term of terms)
                have(term, fuzzy).forEach((score, ref) => {
                    scores.set(ref, (scores.get(ref) ?? 0) + score);
                    count.set(ref, (count.get(ref) ?? 0) + 1);
                });
            return [...scores].filter(([ref]) => !required || count.get(ref) === terms.length)
                .map(([ref, score]) => ({ ref, score }));
        };
        const found = all(false);
        return found.length ? found : all(true);
    }

    const PAGE_FIRST = /^step_|^(errors|glossary|states|endings)$/;
    function look(words) {
        const scores = new Map();
        const add = (found, weight) => found.forEach(({ ref, score }) =>
            scores.set(+ref, (scores.get(+ref) ?? 0) + score * weight));
        const phrase = clean(words), meant = known(phrase);
        const phrases = [phrase, ...meant.map(([, ours]) => clean(ours))];
        add(ask(words, true), 1);
        for (const [, ours] of meant)
            add(ask(ours, true), 0.8);
        if (!scores.size)
            add(ask(words, false), 0.5);
        const same = (one, other) => clean(one).replace(/[-_]/g, " ") === other.replace(/[-_]/g, " ");
        const text = (at) => clean(handbook.rows[at].slice(2).join(" "));
        const rank = (at) => scores.get(at) * (PAGE_FIRST.test(handbook.rows[at][0]) ? 1.3 : 1) *
            (phrases.some((part) => same(handbook.rows[at][2], part)) ? 3 : 1) * (phrases.some((part) => text(at).includes(part)) ? 1.8 : 1);
        return { meant, found: [...scores.keys()].sort((a, b) => rank(b) - rank(a) || a - b) };
    }

    // The words around the first hit, with every hit marked.
    function excerpt(row, terms) {
        const words = [row[3], row[4]].find((part) => part && terms.test(part)) ?? row[3];
        terms.lastIndex = 0;
        const hit = words.search(terms);
        let from = hit > 60 ? words.indexOf(" ", hit - 60) + 1 : 0;
        if (hit - from > 70 || from < 0)
            from = Math.max(0, hit - 20);
        const part = words.slice(from, from + EXCERPT);
        const out = document.createElement("span");
        out.append(from ? "… " : "");
        mark(out, part, terms);
        out.append(from + EXCERPT < words.length ? " …" : "");
        return out;
    }

    function mark(into, part, terms) {
        let last = 0;
        for (const match of part.matchAll(terms)) {
            const hit = document.createElement("mark");
            hit.textContent = match[0];
            into.append(part.slice(last, match.index), hit);
            last = match.index + match[0].length;
        }
        into.append(part.slice(last));
    }

    function show() {
        const words = field.value;
        list.replaceChildren();
        status.textContent = "";
        if (clean(words).length < 2)
            return;
        const { meant, found } = look(words);
        const also = meant.map(([, ours]) => ours).filter((ours) => !clean(words).includes(clean(ours)));
        const terms = new RegExp([clean(words), ...also].flatMap((part) => [part, ...part.split(" ")])
            .map((part) => part.trim()).filter((part) => part.length > 2)
            .map((part) => (/^[a-z0-9]/i.test(part) ? "\\b" : "") + part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
                .replace(/[ _-]/g, "[ _-]")).join("|"), "gi");
        status.textContent = (found.length ? `${found.length} place${found.length > 1 ? "s" : ""}` : "Nothing") +
            (also.length ? `. Here it is called ${[...new Set(also)].join(", ")}.` : found.length ? "." : " of that.");
        for (const at of found.slice(0, LIMIT)) {
            const row = handbook.rows[at];
            const item = document.createElement("li"), link = document.createElement("a");
            const title = document.createElement("b"), page = document.createElement("small");
            mark(title, row[2] || handbook.titles[row[0]], terms);
            page.textContent = row[2] ? handbook.titles[row[0]] : "";
            link.href = `${row[0]}.html${row[1] ? `#${row[1]}` : ""}`;
            link.className = "hit";
            link.append(title, page, excerpt(row, terms));
            link.addEventListener("click", () => dialog.close());
            item.append(link);
            list.append(item);
        }
    }

    async function open() {
        if (dialog.open)
            return;
        dialog.showModal();
        field.select();
        loading ??= prepare();
        await loading.then(show, () => { status.textContent = "The search could not be loaded."; });
    }

    button.hidden = false;
    button.addEventListener("click", open);
    field.addEventListener("input", () => index && show());
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
        if (event.target === dialog) // beside the window
            dialog.close();
    });
    dialog.querySelector("form").addEventListener("submit", (event) => {
        event.preventDefault();
        list.querySelector("a")?.click();
    });
    dialog.addEventListener("keydown", (event) => {
        const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement);
        if (event.key === "ArrowDown" && links.length)
            links[Math.min(at + 1, links.length - 1)].focus();
        else if (event.key === "ArrowUp" && at >= 0)
            (links[at - 1] ?? field).focus();
        else
            return;
        event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest?.("input, textarea, select");
        if ((event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) ||
            (event.key === "k" && (event.ctrlKey || event.metaKey))) {
            event.preventDefault();
            open();
        }
    });
});
