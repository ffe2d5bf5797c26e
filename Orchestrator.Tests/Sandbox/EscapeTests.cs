using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sandbox;

/// <summary>Code that wants to be more than it is, see what is not its own, or stop who watches over it.</summary>
[Collection(SandboxCollection.Name)]
public sealed class EscapeTests(SandboxFixture fixture) : IAsyncLifetime
{
    // Prints what was not refused, and how much was tried.
    private const string Privileges =
        """
        import ctypes, errno, os, signal, socket, stat, time
        libc = ctypes.CDLL(None, use_errno=True)
        server = next(int(p) for p in os.listdir('/proc') if p.isdigit() and p != '1' and os.stat('/proc/' + p).st_uid == 10001)
        tried, refused = [], ('EPERM', 'EACCES', 'EROFS')

        def attempt(name, function, *arguments):
            try:
                function(*arguments)
                tried.append((name, 'done'))
            except OSError as error:
                tried.append((name, errno.errorcode[error.errno]))

        def call(name, *arguments):
            code = getattr(libc, name)(*arguments)
            tried.append((name + str(arguments), 'done' if code != -1 else errno.errorcode[ctypes.get_errno()]))

        attempt('setuid', os.setuid, 0)
        attempt('setgid', os.setgid, 0)
        attempt('setuid to the server', os.setuid, 10001)
        attempt('chroot', os.chroot, '/tmp')
        attempt('mknod', os.mknod, '/tmp/disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0))
        attempt('sethostname', socket.sethostname, 'x')
        attempt('set the clock', time.clock_settime, time.CLOCK_REALTIME, time.time())
        attempt('priority', os.setpriority, os.PRIO_PROCESS, 0, -20)
        attempt('raw socket', socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        attempt('packet socket', socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
        call('mount', b'none', b'/tmp', b'tmpfs', 0, 0)
        call('umount2', b'/tmp', 2)
        call('swapon', b'/tmp/x', 0)
        call('acct', 0)
        for namespace in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x08000000):
            call('unshare', namespace)
        for pid in (1, server):
            call('ptrace', 16, pid, 0, 0)
            for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV):
                attempt(f'signal {number} to {pid}', os.kill, pid, number)
            for name in ('environ', 'mem', 'maps', 'ns/net', 'auxv', 'syscall', 'stack'):
                attempt(f'read {name} of {pid}', open, f'/proc/{pid}/{name}', 'rb')
            for name in ('fd', 'root', 'map_files', 'cwd'):
                attempt(f'list {name} of {pid}', os.listdir, f'/proc/{pid}/{name}')
            attempt(f'write to the log of {pid}', open, f'/proc/{pid}/fd/1', 'wb')
            attempt(f'oom score of {pid}', open, f'/proc/{pid}/oom_score_adj', 'w')
        for path in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/shmmax', '/proc/sys/net/ipv4/ip_forward', '/proc/sysrq-trigger',
                     '/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes',
                     '/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/cgroup.procs', '/sys/kernel/uevent_helper',
                     '/etc/hosts', '/etc/resolv.conf', '/etc/passwd', '/opt/orchestrator/Orchestrator.Guest'):
            if os.path.exists(path):
                attempt('write ' + path, open, path, 'r+b')
        for path in ('/etc/shadow', '/root', '/proc/kmsg', '/proc/kpagecount', '/proc/vmallocinfo'):
            if os.path.exists(path):
                attempt('read ' + path, os.listdir if os.path.isdir(path) else lambda path: open(path, 'rb').read(1), path)
        print([one for one in tried if one[1] not in refused], len(tried))
        """;

    private const string Files =
        """
        import os, stat
        found = {'setuid': [], 'capable': [], 'sockets': [], 'devices': []}
        for folder, folders, files in os.walk('/'):
            if folder == '/':
                folders[:] = [name for name in folders if name not in ('proc', 'sys')]
            for name in files:
                path = os.path.join(folder, name)
                try:
                    mode = os.lstat(path).st_mode
                    if stat.S_ISREG(mode) and mode & 0o6000: found['setuid'].append(path)
                    if stat.S_ISREG(mode) and 'security.capability' in os.listxattr(path): found['capable'].append(path)
                    if stat.S_ISSOCK(mode): found['sockets'].append(path)
                    if stat.S_ISBLK(mode): found['devices'].append(path)
                except OSError:
                    pass
        names = {line.split()[-1] for line in open('/proc/net/unix') if '@' in line or '/' in line}
        print(found, sorted(names))
        """;

    private const string Impostor =
        """
        kill -9 $PPID
        exec python3 - <<'CODE'
        import socket, time
        listener = socket.socket(socket.AF_UNIX)
        while True:
            try:
                listener.bind('\0orchestrator-agent')
                break
            except OSError:
                pass
        listener.listen()
        time.sleep(4321)
        CODE
        """;

    // The token comes on standard input and is searched for everywhere else.
    private const string Search =
        """
        import os, sys
        token = sys.stdin.buffer.read()
        assert len(token) > 20
        read, hits = 0, []

        def look(path):
            global read
            try:
                with open(path, 'rb') as file:
                    content = file.read()
                read += 1
                if token in content: hits.append(path)
            except OSError:
                pass

        for pid in (p for p in os.listdir('/proc') if p.isdigit()):
            for name in ('environ', 'cmdline', 'status', 'maps', 'auxv', 'comm'):
                look(f'/proc/{pid}/{name}')
        for folder, folders, files in os.walk('/'):
            if folder == '/':
                folders[:] = [name for name in folders if name not in ('proc', 'sys', 'dev')]
            for name in files:
                if os.path.isfile(os.path.join(folder, name)): look(os.path.join(folder, name))
        print(hits, token.decode() in str(os.environ), read > 500)
        """;

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public ValueTask DisposeAsync() => default;

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task Code_IsNobodyAndStaysIt(Way way)
    {
        var runner = await fixture.SharedAsync();

        var status = await runner.BashAsync(way, "id -u; id -g; grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status | tr -d ' \\t'");
        var su = await runner.BashAsync(way, "su root -c id < /dev/null; unshare -Ur id; true");

        const string none = "0000000000000000";
        Assert.Equal($"10002\n10002\nCapInh:{none}\nCapPrm:{none}\nCapEff:{none}\nCapBnd:{none}\nCapAmb:{none}\nNoNewPrivs:1\nSeccomp:2\n", status.Stdout);
        Assert.DoesNotContain("uid=0", su.Stdout, StringComparison.Ordinal);
        Assert.Contains("su: ", su.Stderr, StringComparison.Ordinal);
        Assert.Contains("unshare: ", su.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task Privileges_EachTried_AreRefused(Way way)
    {
        var runner = await fixture.SharedAsync();
        var started = await runner.StartedAtAsync();

        var outcome = await runner.PythonAsync(way, Privileges);

        Assert.Matches(@"^\[\] [5-9]\d\n$", outcome.Stdout + outcome.Stderr);
        Assert.True(await runner.IsHealthyAsync(), "The server was hit.");
        Assert.Equal(started, await runner.StartedAtAsync());
    }

    [Fact]
    public async Task Files_HoldNoWayToAnotherUserNorToTheEngine()
    {
        var runner = await fixture.SharedAsync();

        var outcome = await runner.PythonAsync(Way.Exec, Files);

        Assert.Equal("{'setuid': [], 'capable': [], 'sockets': [], 'devices': []} ['@orchestrator-agent']\n", outcome.Stdout + outcome.Stderr);
    }

    [Fact]
    public async Task Token_IsNowhereToBeFound()
    {
        var runner = await fixture.SharedAsync();
        Assert.Equal(0, (await runner.BashAsync(Way.Run, "true")).ExitCode);

        var outcome = await runner.PythonReadingAsync(Search, runner.Spec.Token);

        Assert.Equal("[] False True\n", outcome.Stdout + outcome.Stderr);
    }

    // kill -1 spares the caller: what goes on after it has no supervisor any more. The impostor takes the agent's name besides.
    [Theory]
    [InlineData(Way.Exec, "kill -9 -1; exec sleep 4321")]
    [InlineData(Way.Exec, "(setsid bash -c 'kill -9 -1; exec sleep 4321' &); sleep 4321")]
    [InlineData(Way.Exec, "kill -9 $PPID; exec sleep 4321")]
    [InlineData(Way.Run, "kill -9 -1; exec sleep 4321")]
    [InlineData(Way.Run, "(setsid bash -c 'kill -9 -1; exec sleep 4321' &); sleep 4321")]
    [InlineData(Way.Run, Impostor)]
    public async Task Supervisor_KilledByItsCode_TheCodeDiesToo_TheRunnerWorksAgain(Way way, string code)
    {
        var runner = await fixture.StartAsync();
        var started = await runner.StartedAtAsync();

        var outcome = await runner.BashAsync(way, code, seconds: 600);

        Assert.Equal((way == Way.Exec ? 137 : null, false), (outcome.ExitCode, outcome.StillRunning));
        await runner.HoldsNothingAsync(TimeSpan.FromSeconds(15));
        await runner.RecoversAsync();
        Assert.Equal(started, await runner.StartedAtAsync());
    }

    [Fact]
    public async Task Supervisor_Stopped_TheCallerIsNotKeptWaiting()
    {
        var runner = await fixture.StartAsync();

        var outcome = await runner.BashAsync(Way.Exec, "kill -STOP $PPID; sleep 4321", seconds: 1);

        // Its runner is removed then.
        Assert.Equal((null, true, true), (outcome.ExitCode, outcome.TimedOut, outcome.StillRunning));
    }

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task Deadline_ReachesWhatLeftTheSession(Way way)
    {
        var runner = await fixture.SharedAsync();

        var outcome = await runner.BashAsync(way, "(setsid sleep 4321 &); (setsid bash -c 'trap \"\" TERM HUP; sleep 4321; sleep 4321' &); sleep 4321", seconds: 1);

        Assert.Equal((null, true), (outcome.ExitCode, outcome.TimedOut));
        await runner.HoldsNothingAsync();
    }

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task Caller_Gone_TheCommandIsDead(Way way)
    {
        var runner = await fixture.SharedAsync();
        using var leave = new CancellationTokenSource();

        var running = runner.BashForAsync(way, "(setsid sleep 4321 &); sleep 4321; true", leave.Token);
        await Eventually.TrueAsync(async () => (await runner.ProcessesAsync()).Count(line => line == "sleep 4321") == 2, what: "The command running");
        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await runner.HoldsNothingAsync();
    }
}
