using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Engines.Processes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Processes;

/// <summary>The little that local processes are kept from, and that no other process is ever taken for one of ours.</summary>
public sealed class ProcessIsolationTests(ProcessEngineFixture fixture) : IClassFixture<ProcessEngineFixture>, IAsyncLifetime
{
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.Connect(_instance);

    private ProcessFolders Folders => fixture.ServicesOf(_instance).GetRequiredService<ProcessFolders>();

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public async ValueTask DisposeAsync() => await fixture.ForgetAsync(_instance);

    [Fact]
    public async Task Start_WithoutNetwork_IsRefused()
    {
        var error = await Assert.ThrowsAsync<EngineException>(() => Engine.StartAsync(fixture.Spec(network: RunnerNetwork.None), Cancel));

        Assert.Contains("Docker", error.Message, StringComparison.Ordinal);
        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Environment_HoldsNothingOfTheOrchestratorsAndNoToken()
    {
        // A name that nothing reads: the variable is seen by every test of this process.
        Environment.SetEnvironmentVariable("ORCHESTRATOR_TEST_SECRET", "a-secret-key");
        var spec = fixture.Spec();
        var placement = await Engine.StartAsync(spec, Cancel);
        await Engine.WaitUntilReadyAsync(spec, placement, Cancel);
        var output = new TextOutput();

        await Engine.ExecAsync(placement, spec.RunnerId, spec.Token, Command("env; pwd"), output, Cancel);

        var own = await File.ReadAllTextAsync($"/proc/{ProcessOf(spec).Pid}/environ", Cancel);
        Assert.Contains($"RUNNER_ID={spec.RunnerId}", own, StringComparison.Ordinal);
        Assert.Contains("RUNNER_TOKEN_SHA256=", own, StringComparison.Ordinal);
        foreach (var text in new[] { own, output.Stdout })
        {
            Assert.DoesNotContain("a-secret-key", text, StringComparison.Ordinal);
            Assert.DoesNotContain(spec.Token, text, StringComparison.Ordinal);
        }

        Assert.EndsWith($"{spec.RunnerId}/work\n", output.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_CommandUnderWay_IsKilledToo()
    {
        var spec = fixture.Spec();
        var placement = await Engine.StartAsync(spec, Cancel);
        var output = new TextOutput();
        var running = Engine.ExecAsync(placement, spec.RunnerId, spec.Token, Command("echo $$; sleep 60"), output, Cancel);
        await output.First.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        var pid = int.Parse(output.Stdout, NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        Assert.True(Directory.Exists($"/proc/{pid}"));

        await Engine.RemoveAsync(spec.RunnerId, null, Cancel);

        await Assert.ThrowsAsync<RunnerGoneException>(() => running.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        // Killed, it is no longer its dead parent's, and is reaped a moment later.
        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{pid}"), TimeSpan.FromSeconds(5));
        Assert.False(Directory.Exists(Folders.Of(spec.RunnerId)));
    }

    [Fact]
    public async Task List_AnotherProcessHasTheNumberNow_IsDeadAndThatProcessIsLeftAlone()
    {
        using var stranger = Subprocess.Start("sleep", ["60"]);
        var record = Record();
        Folders.Create(record);
        var stat = await File.ReadAllTextAsync($"/proc/{stranger.Id}/stat", Cancel);
        var start = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[19];
        await File.WriteAllTextAsync(Folders.StatOf(record.RunnerId), stat, Cancel);
        Assert.True(Assert.Single(await Engine.ListAsync(Cancel)).Running);

        await File.WriteAllTextAsync(Folders.StatOf(record.RunnerId), stat.Replace($" {start} ", " 1 ", StringComparison.Ordinal), Cancel);
        Assert.False(Assert.Single(await Engine.ListAsync(Cancel)).Running);
        await Engine.RemoveAsync(record.RunnerId, null, Cancel);

        Assert.Empty(await Engine.ListAsync(Cancel));
        Assert.False(stranger.HasExited);
        stranger.Kill();
    }

    [Fact]
    public async Task List_WrittenDownBeforeAnotherBoot_IsDead()
    {
        using var stranger = Subprocess.Start("sleep", ["60"]);
        var record = Record() with { BootId = "another" };
        Folders.Create(record);
        await File.WriteAllTextAsync(Folders.StatOf(record.RunnerId), await File.ReadAllTextAsync($"/proc/{stranger.Id}/stat", Cancel), Cancel);

        Assert.False(Assert.Single(await Engine.ListAsync(Cancel)).Running);
        await Engine.RemoveAsync(record.RunnerId, null, Cancel);

        Assert.False(stranger.HasExited);
        stranger.Kill();
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("..")]
    [InlineData("")]
    public async Task AnyCall_IdThatIsNoFolderName_IsRefused(string id) =>
        await Assert.ThrowsAsync<EngineException>(() => Engine.RemoveAsync(id, null, Cancel));

    [Theory]
    [InlineData("4711 (dotnet) S 1 4711 4711 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 123456 0", 4711, 123456L, 'S')]
    [InlineData("7 (a) b (c) Z 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0", 7, 99L, 'Z')]
    public void Parse_StatLine_TellsWhoItIs(string line, int pid, long start, char state)
    {
        Assert.Equal(new ProcessIdentity(pid, start), ProcessIdentity.Parse(line, out var seen));
        Assert.Equal(state, seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("4711")]
    [InlineData("4711 (dotnet) S 1 2 3")]
    public void Parse_SomethingElse_ReturnsNull(string line) => Assert.Null(ProcessIdentity.Parse(line, out _));

    private ProcessIdentity ProcessOf(RunnerSpec spec) => Folders.ProcessOf(Folders.Read(spec.RunnerId)!)!.Value;

    private static ProcessRecord Record() => new()
    {
        RunnerId = RunnerId.Create("runner", DateTimeOffset.UtcNow),
        Template = "session",
        Image = "runner-image",
        ImageId = "process:x",
        Port = 1,
        CreatedAt = DateTimeOffset.UtcNow,
        BootId = ProcessIdentity.BootId,
    };

    private static ExecRequest Command(string script) =>
        new(["sh", "-c", script], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(20));
}
