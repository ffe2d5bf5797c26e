using System.Diagnostics;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>What lives on after a process, and what dies with it.</summary>
public sealed class ProcessLifeTests(StartedGuest server) : IClassFixture<StartedGuest>
{
    private readonly string _sleep = $"sleep 5{Random.Shared.Next(100_000, 999_999)}";

    private GuestClient Guest => server.Guest;

    [Theory]
    [InlineData("trap '' TERM HUP INT; echo begun; while :; do {0}; done")]
    [InlineData("(setsid bash -c 'setsid {0} & exec {0}' &); echo begun; {0}")]
    [InlineData("(env -i setsid {0} &); echo begun; {0}")]
    [InlineData("{0} & kill -STOP $!; echo begun; kill -STOP $$")]
    [InlineData("echo begun; exec yes '{0}'")]
    public async Task Deadline_WhateverItDid_KillsAll(string script)
    {
        var began = Stopwatch.GetTimestamp();
        await using var run = await (await Guest.ShellAsync(string.Format(null, script, _sleep), timeoutMs: 500)).ReadToEndAsync();

        Assert.Equal("deadline_exceeded", run.Code);
        Assert.StartsWith(script.Contains("yes", StringComparison.Ordinal) ? "begun\nsleep" : "begun\n", run.Output, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.45, 15);
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task Deadline_OfAForegroundProcess_IsToldByItsEnd()
    {
        await using var run = await (await Guest.StartAsync(
            new { process = new { cmd = "sleep", args = new[] { "600" } }, foreground = true }, ("Connect-Timeout-Ms", "200"))).ReadToEndAsync();

        Assert.Null(run.Code);
        Assert.True(run.End.GetProperty("timedOut").GetBoolean());
        Assert.False(run.End.GetProperty("exited").GetBoolean());
    }

    [Fact]
    public async Task NaturalEnd_OfAParent_LeavesItsChildren()
    {
        var mark = Path.Combine(server.Workspace, _sleep.Replace(' ', '-'));
        // Another one's deadline is not theirs, though it began before them.
        await using var other = await (await Guest.ShellAsync("exec sleep 600", timeoutMs: 1500)).BeginAsync();
        await using (var run = await (await Guest.ShellAsync($"setsid {_sleep} & (setsid {_sleep} &); exit 7")).ReadToEndAsync())
        {
            Assert.Equal(7, run.End.GetProperty("exitCode").GetInt32());
        }

        await using (await (await Guest.ShellAsync($"(while echo out; do echo . >> {mark}; sleep 0.01; done) &")).ReadToEndAsync())
        {
        }

        Assert.Equal("deadline_exceeded", (await other.ReadToEndAsync()).Code);
        await Eventually.TrueAsync(() => RunnerProcess.WithCommandLine(_sleep).Count == 2, what: "Two children that live on");
        var written = new FileInfo(mark).Length;
        await Eventually.TrueAsync(() => new FileInfo(mark).Length > written + 20, what: "A child that goes on writing to its parent's stream");
    }

    [Fact]
    public async Task Orphans_WithNoProcessRunning_AreReaped()
    {
        await using var run = await (await Guest.ShellAsync("for i in $(seq 50); do (setsid sleep 0.3 &); done")).ReadToEndAsync();

        await Eventually.TrueAsync(() => RunnerProcess.WithCommandLine("sleep 0.3").Count == 0, what: "The orphans' end");
        await Eventually.TrueAsync(() => server.Zombies() == 0, TimeSpan.FromSeconds(5), "The reaping of all orphans");
    }

    [Fact]
    public async Task SendSignal_TreeWithGrace_KillsWhatIgnoresIt()
    {
        await using var run = await (await Guest.ShellAsync($"trap '' TERM; (setsid {_sleep} &); setsid bash -c 'trap \"\" TERM; while :; do {_sleep}; done' & echo begun; wait; {_sleep}")).OutputHasAsync("begun");
        var began = Stopwatch.GetTimestamp();

        await Guest.OkAsync("SendSignal", new { process = new { pid = run.Pid }, signal = "SIGNAL_SIGTERM", tree = true, graceMs = 500 });
        await run.ReadToEndAsync();

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.4, 10);
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task SendSignal_TreeWithGrace_EndsEarlyWhenAllObey()
    {
        await using var run = await (await Guest.ShellAsync($"setsid {_sleep} & echo begun; wait")).OutputHasAsync("begun");
        var began = Stopwatch.GetTimestamp();

        await Guest.OkAsync("SendSignal", new { process = new { pid = run.Pid }, signal = 15, tree = true, graceMs = 60_000 });
        await run.ReadToEndAsync();

        Assert.Equal("signal: terminated", run.End.GetProperty("status").GetString());
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task SendSignal_WithoutTree_IsTheProcessesAlone()
    {
        await using var run = await (await Guest.ShellAsync($"setsid {_sleep} & echo begun; wait")).OutputHasAsync("begun");

        await Guest.OkAsync("SendSignal", new { process = new { pid = run.Pid }, signal = "SIGNAL_SIGKILL" });
        await run.ReadToEndAsync();

        Assert.Single(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task Reset_WithAllKindsOfRemains_LeavesNothing()
    {
        await using var guest = new StartedGuest();
        await guest.InitializeAsync();
        await using var background = await (await guest.Guest.ShellAsync($"echo begun; trap '' TERM; {_sleep}; {_sleep}")).OutputHasAsync("begun");
        await using (await (await guest.Guest.ShellAsync(
            $"(setsid {_sleep} &); (env -i setsid {_sleep} &); mkdir -p a/b .hidden; echo x > a/b/c; chmod 000 a/b; ln -s /etc link; mkfifo pipe; touch $'odd\\nname'")).ReadToEndAsync())
        {
            Assert.Equal(5, Directory.GetFileSystemEntries(guest.Workspace).Length);
        }

        using var response = await guest.Client.PostAsync("/reset", null, TestContext.Current.CancellationToken);

        Assert.Equal(204, (int)response.StatusCode);
        Assert.Empty(Directory.GetFileSystemEntries(guest.Workspace));
        Assert.True(Directory.Exists("/etc"));
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
        Assert.Empty((await guest.Guest.OkAsync("List", new { ended = true })).GetProperty("processes").EnumerateArray());
        Assert.Equal("signal: killed", (await background.ReadToEndAsync()).End.GetProperty("status").GetString());
    }
}
