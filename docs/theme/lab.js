// What a page does, beyond being read: light or dark, the phone's menu, the list
// of contents, copying, and a mark on what scrolls. All of it can be missing.
"use strict";

// ----------------------------------------------------------- light and dark

// In the head, before anything is painted.
const theme = document.documentElement.classList;
const wish = matchMedia("(prefers-color-scheme: dark)");
const kept = (value) => { // a browser may keep nothing for file://
    try {
        if (value)
            localStorage.setItem("theme", value);
        return localStorage.getItem("theme");
    } catch {
        return null;
    }
};
const paint = () => {
    const dark = (kept() ?? (wish.matches ? "dark" : "light")) === "dark";
    theme.toggle("dark-mode", dark);
    theme.toggle("light-mode", !dark);
};
paint();
wish.addEventListener("change", paint);

// Paper is light, and nothing on it is folded.
let dark = false, folded = [];
addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open])")];
    for (const fold of folded)
        fold.open = true;
    dark = theme.contains("dark-mode");
    theme.replace("dark-mode", "light-mode");
});
addEventListener("afterprint", () => {
    for (const fold of folded)
        fold.open = false;
    if (dark)
        theme.replace("light-mode", "dark-mode");
});

document.addEventListener("DOMContentLoaded", () => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const one = (selector) => document.querySelector(selector);

    one(".theme").hidden = false;
    one(".theme").addEventListener("click", () => {
        kept(theme.contains("dark-mode") ? "light" : "dark");
        paint();
    });

    // -------------------------------------------------------------- the menu

    // Without a script it is a link that leads to the list.
    const menu = one(".menu"), pages = one("#pages");
    menu.setAttribute("role", "button");
    const unfold = (open) => {
        pages.classList.toggle("open", open);
        menu.setAttribute("aria-expanded", open);
    };
    unfold(false);
    menu.addEventListener("click", (event) => {
        event.preventDefault();
        unfold(!pages.classList.contains("open"));
        one("#pages [aria-current]")?.scrollIntoView({ block: "center" });
    });
    menu.addEventListener("keydown", (event) => {
        if (event.key === " ") {
            event.preventDefault();
            menu.click();
        }
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && pages.classList.contains("open")) {
            unfold(false);
            menu.focus();
        }
    });
    // Where the reader is, stands in sight.
    const here = one("#pages [aria-current]");
    if (here && here.offsetTop > pages.clientHeight - 60)
        pages.scrollTop = here.offsetTop - pages.clientHeight / 2;

    // ------------------------------------------------------ on this page

    const toc = one(".toc details"), wide = matchMedia("(min-width: 1440px)");
    if (toc) {
        const fit = () => { toc.open = wide.matches; };
        fit();
        wide.addEventListener("change", fit);
        const links = new Map(all(".toc a").map((link) => [link.hash.slice(1), link]));
        const heads = [...links.keys()].map((id) => document.getElementById(id));
        let waiting = false;
        addEventListener("scroll", () => {
            if (waiting)
                return;
            waiting = true;
            requestAnimationFrame(() => {
                waiting = false;
                const now = heads.filter((head) => head.getBoundingClientRect().top < 140).pop();
                for (const [id, link] of links)
                    link.classList.toggle("now", now?.id === id);
            });
        }, { passive: true });
    }

    // A fold that holds what an address points at is opened.
    const reveal = () => {
        const goal = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
        const fold = goal && goal.closest("details:not([open])");
        if (fold) {
            fold.open = true;
            goal.scrollIntoView();
        }
    };
    addEventListener("hashchange", reveal);
    reveal();

    // -------------------------------------------------------------- copying

    // Of a terminal the commands, without their prompts; of a listing the code,
    // without its line numbers.
    for (const fragment of all("div.fragment, pre.fragment")) {
        const box = document.createElement("div");
        const copy = document.createElement("button");
        box.className = "copybox";
        copy.className = "copy";
        copy.type = "button";
        copy.textContent = "Copy";
        copy.addEventListener("click", async () => {
            const whole = fragment.cloneNode(true);
            whole.querySelectorAll(".lineno").forEach((node) => node.remove());
            const rows = [...whole.querySelectorAll(":scope > .line")].map((line) => line.textContent);
            const commands = rows.filter((row) => row.startsWith("$ ")).map((row) => row.slice(2));
            const words = (commands.length ? commands : rows.length ? rows : [whole.textContent]).join("\n").trimEnd() + "\n";
            let done = true;
            try {
                await navigator.clipboard.writeText(words);
            } catch { // no permission, or an old browser: select and copy
                const field = document.createElement("textarea");
                field.value = words;
                document.body.append(field);
                field.select();
                done = document.execCommand("copy");
                field.remove();
                copy.focus();
            }
            copy.textContent = done ? "Copied" : "Failed";
            setTimeout(() => { copy.textContent = "Copy"; }, 1500);
        });
        fragment.replaceWith(box);
        box.append(fragment, copy);
    }

    // ------------------------------------------------ what scrolls sideways

    // It says so, as long as there is more at its right, and the keyboard
    // reaches it.
    const mark = (block) => {
        const box = block.parentElement.classList.contains("copybox") ? block.parentElement : block;
        const over = block.scrollWidth > block.clientWidth + 1;
        box.classList.toggle("scrolls", over);
        box.classList.toggle("more", over && block.scrollLeft + block.clientWidth < block.scrollWidth - 1);
        if (over) {
            block.tabIndex = 0;
            block.setAttribute("role", "group");
            block.setAttribute("aria-label", "Scrolls sideways");
        } else {
            block.removeAttribute("tabindex");
            block.removeAttribute("role");
            block.removeAttribute("aria-label");
        }
    };
    const watch = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
    for (const block of all("div.fragment, pre.fragment, .scroll, .memproto")) {
        watch.observe(block);
        block.addEventListener("scroll", () => mark(block), { passive: true });
    }
});
