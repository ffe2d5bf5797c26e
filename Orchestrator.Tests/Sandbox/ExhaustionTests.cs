using System.Diagnostics;
using System.Globalization;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sandbox;

/// <summary>Code that takes all it can get, and gets no more than its runner is allowed.</summary>
[Collection(SandboxCollection.Name)]
public sealed class ExhaustionTests(SandboxFixture fixture) : IAsyncLifetime
{
    private const string Bomb =
        """
        import os, signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            try:
                if os.fork() == 0:
                    ESCAPE
            except OSError:
                pass
        """;

    private const string Fill =
        """
        import errno, os
        for folder in ('/workspace', '/tmp', '/dev/shm'):
            path, written = folder + '/filler', 0
            try:
                with open(path, 'wb', buffering=0) as file:
                    while True:
                        written += file.write(b'x' * 65536)
            except OSError as error:
                print(folder, errno.errorcode[error.errno], written >> 20)
            os.remove(path)
        """;

    private const string WriteEverywhere =
        """
        import os, stat
        made, opened = [], []
        for folder, folders, files in os.walk('/'):
            if folder == '/':
                folders[:] = [name for name in folders if name not in ('proc', 'sys')]
            try:
                open(folder + '/probe', 'wb').close()
                os.remove(folder + '/probe')
                made.append(folder)
            except OSError:
                pass
            for name in files:
                path = os.path.join(folder, name)
                try:
                    if stat.S_ISREG(os.lstat(path).st_mode):
                        os.close(os.open(path, os.O_WRONLY))
                        opened.append(path)
                except OSError:
                    pass
        for root in ('/proc/sys', '/sys'):
            for folder, folders, files in os.walk(root):
                opened += [path for path in (os.path.join(folder, name) for name in files + folders)
                           if not os.path.islink(path) and os.access(path, os.W_OK)]
        print(sorted(made), opened)
        """;

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public ValueTask DisposeAsync() => default;

    [Theory]
    [InlineData(Way.Exec, "pass")]
    [InlineData(Way.Exec, "os.setsid()")]
    [InlineData(Way.Run, "pass")]
    [InlineData(Way.Run, "os.setsid()")]
    public async Task ForkBomb_IsHeldToTheLimitAndDeadAtItsDeadline(Way way, string escape)
    {
        var runner = await fixture.StartAsync();
        var started = await runner.StartedAtAsync();
        var watch = Stopwatch.StartNew();

        var bomb = runner.PythonAsync(way, Bomb.Replace("ESCAPE", escape, StringComparison.Ordinal), seconds: 3);
        var (looks, most) = (0, 0);
        for (; !bomb.IsCompleted; looks++)
        {
            Assert.True(await runner.IsHealthyAsync(), "The server did not answer while the bomb went off.");
            most = Math.Max(most, int.Parse(await runner.FigureAsync("pids/pids.current", "pids.current"), CultureInfo.InvariantCulture));
            await Pace.PauseAsync(50, TestContext.Current.CancellationToken);
        }

        var outcome = await bomb;
        Assert.Equal((null, true, false), (outcome.ExitCode, outcome.TimedOut, outcome.StillRunning));
        Assert.InRange(watch.Elapsed.TotalSeconds, 3, 13);
        Assert.True(looks > 3, "The bomb was not looked at.");
        Assert.Equal("64", await runner.FigureAsync("pids/pids.max", "pids.max"));
        Assert.InRange(most, 50, 64);
        Assert.Matches("max [1-9]", await runner.FigureAsync("pids/pids.events", "pids.events"));
        await runner.HoldsNothingAsync();
        await runner.RecoversAsync();
        Assert.Equal(started, await runner.StartedAtAsync());
    }

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task MemoryHog_IsKilled_TheRunnerLivesOn(Way way)
    {
        var runner = await fixture.StartAsync();
        var started = await runner.StartedAtAsync();

        var outcome = await runner.PythonAsync(way, "held = []\nwhile True:\n    held.append(bytearray(4 << 20))");

        Assert.Equal((137, false), (outcome.ExitCode, outcome.TimedOut));
        var limit = runner.Spec.Template.Limits.MemoryBytes;
        Assert.Equal(limit, await BytesAsync(runner, "memory/memory.limit_in_bytes", "memory.max"));
        Assert.InRange(await BytesAsync(runner, "memory/memory.max_usage_in_bytes", "memory.peak"), limit / 2, limit);
        Assert.Matches("oom_kill [1-9]", await runner.FigureAsync("memory/memory.oom_control", "memory.events"));
        Assert.True(await runner.IsHealthyAsync(), "The server was killed with the hog.");
        await runner.HoldsNothingAsync();
        await runner.RecoversAsync();
        Assert.Equal(started, await runner.StartedAtAsync());
    }

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task DiskFiller_IsStoppedAtTheLimit_NothingOfItIsOnTheHostsDisk(Way way)
    {
        var runner = await fixture.StartAsync();
        var before = await OnDiskAsync(runner);

        var outcome = await runner.PythonAsync(way, Fill);

        // The file that /run writes the code to takes a page of /tmp.
        Assert.Equal($"/workspace ENOSPC 16\n/tmp ENOSPC {(way == Way.Run ? 63 : 64)}\n/dev/shm ENOSPC 64\n", outcome.Stdout);
        Assert.Equal(before, await OnDiskAsync(runner));
    }

    [Fact]
    public async Task EveryFolderAndFile_TriedForWriting_OnlyTheBoundedOnesTakeIt()
    {
        var runner = await fixture.SharedAsync();

        var outcome = await runner.PythonAsync(Way.Exec, WriteEverywhere);

        Assert.Equal("['/dev/mqueue', '/dev/shm', '/tmp', '/workspace'] []\n", outcome.Stdout);
    }

    [Theory]
    [InlineData(Way.Exec)]
    [InlineData(Way.Run)]
    public async Task OutputFlood_IsCutAtOneMebibyteAStream(Way way)
    {
        var runner = await fixture.SharedAsync();

        var outcome = await runner.BashAsync(way, "head -c 300000000 /dev/zero | tr '\\0' o & head -c 300000000 /dev/zero | tr '\\0' e >&2; wait", seconds: 60);

        Assert.Equal((0, true), (outcome.ExitCode, outcome.Truncated));
        Assert.Equal((1 << 20, 1 << 20), (outcome.Stdout.Length, outcome.Stderr.Length));
        Assert.True(await runner.IsHealthyAsync(), "The server did not stand the flood.");
        await runner.RecoversAsync();
    }

    // How much, and the names of what differs from the image.
    private async Task<(long Bytes, string Changes)> OnDiskAsync(SandboxRunner runner)
    {
        var container = await fixture.Docker.GetAsync($"/containers/{runner.Placement.Handle}/json?size=1");
        var changes = await fixture.Docker.GetAsync($"/containers/{runner.Placement.Handle}/changes");
        return (container!["SizeRw"]!.GetValue<long>(), changes?.ToJsonString() ?? "");
    }

    private static async Task<long> BytesAsync(SandboxRunner runner, params string[] names) =>
        long.Parse(await runner.FigureAsync(names), CultureInfo.InvariantCulture);
}
