# Doxygen reads the programs through this; the listing shows them as they are.
# In the commentary only: "bind(2)" becomes a link to its manual page, and the
# lines "Run it:" and so on become a list.
/^ \* |^\/\/\/ /{
    s/^ \* (You will call|Run it|You should see|While it waits|Try next): */ * - **\1:** /
    s/\b([a-z_0-9]+)\(([23])\)/@ref \1 "\1(\2)"/g
}
