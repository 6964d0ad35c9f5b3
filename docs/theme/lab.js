// What the theme wants to be started, and what Doxygen 1.9.4 leaves out for
// those who use a keyboard or a screen reader: landmarks, a title that is a
// heading, names for the search box and the buttons.
DoxygenAwesomeDarkModeToggle.init();
DoxygenAwesomeInteractiveToc.init();

// Paper is light, and nothing on it is folded.
const theme = document.documentElement.classList;
let dark = false, folded = [];
window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded)
        fold.open = true;
    dark = theme.contains("dark-mode");
    theme.replace("dark-mode", "light-mode");
});
window.addEventListener("afterprint", () => {
    for (const fold of folded)
        fold.open = false;
    if (dark)
        theme.replace("light-mode", "dark-mode");
});

document.addEventListener("DOMContentLoaded", () => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const mark = (selector, attributes) => {
        for (const element of all(selector))
            for (const [name, value] of Object.entries(attributes))
                element.setAttribute(name, value);
    };
    // What is no button and does a button's work: Tab reaches it, Enter and
    // Space press it.
    const button = (element, label) => {
        element.setAttribute("role", "button");
        element.setAttribute("tabindex", "0");
        element.setAttribute("aria-label", label);
        element.addEventListener("keydown", (event) => {
            if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                element.click();
            }
        });
    };

    mark("#doc-content", { role: "main", tabindex: "-1" });
    document.querySelector(".skip").addEventListener("click", (event) => {
        event.preventDefault();
        document.getElementById("doc-content").focus();
    });
    mark("#top", { role: "banner" });
    mark("#side-nav", { role: "navigation", "aria-label": "Pages" });
    mark("#nav-path", { role: "contentinfo" });
    mark(".headertitle .title", { role: "heading", "aria-level": "1" });
    mark(".contents > .toc", { role: "navigation", "aria-label": "On this page" });
    // On a phone the list is folded; its title is then the button.
    mark(".contents > .toc > h3", { role: "presentation" });
    for (const title of all(".contents > .toc > h3"))
        title.innerHTML = "<button type='button'>On this page</button>";
    // Doxygen and the theme make these when the page has been loaded.
    const late = () => {
        const toggle = document.querySelector("doxygen-awesome-dark-mode-toggle");
        if (!toggle || !document.getElementById("MSearchField")) {
            setTimeout(late, 20);
            return;
        }
        button(toggle, "Light or dark");
        mark("#MSearchField", { "aria-label": "Search" });
        mark("#MSearchClose", { "aria-label": "Close the search" });
        mark("#MSearchResults", { title: "What was found" });
    };
    late();
    for (const icon of all("td.entry .icondoc"))
        icon.parentNode.setAttribute("aria-label", "Listing of " + icon.parentNode.nextElementSibling.textContent);

    // A fragment with a prompt, or what tools print, was seen in a terminal.
    // In a difference each line says whether it came or went.
    for (const fragment of all(".contents div.fragment")) {
        const lines = [...fragment.querySelectorAll(":scope > .line")];
        const text = (line) => line.textContent;
        if (lines.some(line => /^[-+] /.test(text(line))) && lines.every(line => /^([-+ ]|@@ |$)/.test(text(line)))) {
            for (const line of lines)
                line.classList.add(({ "+": "came", "-": "went", "@": "where" })[text(line)[0]] ?? "same");
        } else if (lines.some(line => /^\$ |^Connected by |^\+\+\+ exited|^recv: |^\d+ bytes from|^Expected /.test(text(line)))) {
            fragment.classList.add("terminal");
            for (const line of lines)
                if (text(line).startsWith("$ "))
                    line.classList.add("command");
        }
    }

    // A button that copies: of a terminal the commands, without their prompts;
    // of a listing the code, without its line numbers.
    for (const fragment of all("div.fragment, pre.fragment")) {
        const box = document.createElement("div");
        const copy = document.createElement("button");
        box.className = "copybox";
        copy.className = "copy";
        copy.type = "button";
        copy.textContent = "Copy";
        copy.addEventListener("click", async () => {
            const whole = fragment.cloneNode(true);
            whole.querySelectorAll(".lineno, .ttc").forEach(node => node.remove());
            const rows = [...whole.querySelectorAll(":scope > .line")].map(line => line.textContent);
            const commands = rows.filter(row => row.startsWith("$ ")).map(row => row.slice(2));
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

    // What scrolls sideways can be reached and scrolled by keyboard.
    mark("pre.fragment, div.fragment, .memproto", { tabindex: "0" });
    for (const table of all("table.markdownTable")) {
        const box = document.createElement("div");
        box.className = "scroll";
        box.tabIndex = 0;
        table.replaceWith(box);
        box.append(table);
    }
});
