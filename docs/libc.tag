<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!-- The manual pages of the calls that the kit uses, on man7.org, as Doxygen
     wants them: it strips one .html from each anchorfile, so there are two.
     The first list is section 2 (the kernel), the second section 3 (libc). -->
<tagfile>
  <compound kind="file">
    <name>manual</name>
    <path></path>
    <filename>dir_all_alphabetic.html</filename>
    <member kind="function"><type></type><name>socket</name><anchorfile>man2/socket.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>bind</name><anchorfile>man2/bind.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>listen</name><anchorfile>man2/listen.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>accept</name><anchorfile>man2/accept.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>accept4</name><anchorfile>man2/accept4.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>connect</name><anchorfile>man2/connect.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getsockname</name><anchorfile>man2/getsockname.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getpeername</name><anchorfile>man2/getpeername.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getsockopt</name><anchorfile>man2/getsockopt.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>setsockopt</name><anchorfile>man2/setsockopt.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>send</name><anchorfile>man2/send.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>sendto</name><anchorfile>man2/sendto.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>sendmsg</name><anchorfile>man2/sendmsg.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>recv</name><anchorfile>man2/recv.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>recvfrom</name><anchorfile>man2/recvfrom.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>recvmsg</name><anchorfile>man2/recvmsg.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>shutdown</name><anchorfile>man2/shutdown.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>close</name><anchorfile>man2/close.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>read</name><anchorfile>man2/read.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>write</name><anchorfile>man2/write.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>writev</name><anchorfile>man2/writev.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>poll</name><anchorfile>man2/poll.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>epoll_wait</name><anchorfile>man2/epoll_wait.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>ppoll</name><anchorfile>man2/ppoll.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>select</name><anchorfile>man2/select.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fcntl</name><anchorfile>man2/fcntl.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>dup</name><anchorfile>man2/dup.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>dup2</name><anchorfile>man2/dup2.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>pipe</name><anchorfile>man2/pipe.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>open</name><anchorfile>man2/open.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>signal</name><anchorfile>man2/signal.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>sigaction</name><anchorfile>man2/sigaction.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>kill</name><anchorfile>man2/kill.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fork</name><anchorfile>man2/fork.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>execve</name><anchorfile>man2/execve.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>close_range</name><anchorfile>man2/close_range.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>prctl</name><anchorfile>man2/prctl.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>socketpair</name><anchorfile>man2/socketpair.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getrlimit</name><anchorfile>man2/getrlimit.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>setrlimit</name><anchorfile>man2/setrlimit.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>alarm</name><anchorfile>man2/alarm.2.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>perror</name><anchorfile>man3/perror.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>strerror</name><anchorfile>man3/strerror.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>htons</name><anchorfile>man3/htons.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>htonl</name><anchorfile>man3/htonl.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>ntohs</name><anchorfile>man3/ntohs.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>ntohl</name><anchorfile>man3/ntohl.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>inet_pton</name><anchorfile>man3/inet_pton.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>inet_ntop</name><anchorfile>man3/inet_ntop.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>inet_aton</name><anchorfile>man3/inet_aton.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getaddrinfo</name><anchorfile>man3/getaddrinfo.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>freeaddrinfo</name><anchorfile>man3/freeaddrinfo.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>gai_strerror</name><anchorfile>man3/gai_strerror.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getnameinfo</name><anchorfile>man3/getnameinfo.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getifaddrs</name><anchorfile>man3/getifaddrs.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>freeifaddrs</name><anchorfile>man3/freeifaddrs.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>strtol</name><anchorfile>man3/strtol.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fopen</name><anchorfile>man3/fopen.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fclose</name><anchorfile>man3/fclose.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fgets</name><anchorfile>man3/fgets.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fgetc</name><anchorfile>man3/fgetc.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>getchar</name><anchorfile>man3/getchar.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>printf</name><anchorfile>man3/printf.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fprintf</name><anchorfile>man3/fprintf.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>snprintf</name><anchorfile>man3/snprintf.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>puts</name><anchorfile>man3/puts.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fputs</name><anchorfile>man3/fputs.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fwrite</name><anchorfile>man3/fwrite.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fflush</name><anchorfile>man3/fflush.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>setvbuf</name><anchorfile>man3/setvbuf.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>sscanf</name><anchorfile>man3/sscanf.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>strlen</name><anchorfile>man3/strlen.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>strcmp</name><anchorfile>man3/strcmp.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>memcmp</name><anchorfile>man3/memcmp.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>memcpy</name><anchorfile>man3/memcpy.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>memset</name><anchorfile>man3/memset.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>strncmp</name><anchorfile>man3/strncmp.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>exit</name><anchorfile>man3/exit.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>errno</name><anchorfile>man3/errno.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
    <member kind="function"><type></type><name>fdopen</name><anchorfile>man3/fdopen.3.html.html</anchorfile><anchor></anchor><arglist>(...)</arglist></member>
  </compound>
</tagfile>
