using System.Diagnostics;
using System.Globalization;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>Ten minutes of two hundred users on the real engine: what the process holds at the end is what it held early on.</summary>
[Collection(Alone.Name)]
public sealed class LongLoadTests(ITestOutputHelper output)
{
    private const int Users = 200;

    // ORCHESTRATOR_LOAD_MINUTES=1 for a look.
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(
        double.Parse(Environment.GetEnvironmentVariable("ORCHESTRATOR_LOAD_MINUTES") ?? "10", CultureInfo.InvariantCulture));

    [Fact]
    [Trait("Category", "Long")]
    [Fault("two-hundred-users", "load", "200 concurrent sessions provision, send heartbeats, run commands and end, for ten minutes", "every call is served; memory, files, sockets and containers stay flat; nothing is left")]
    public async Task Load_TwoHundredUsersForTenMinutes_NothingGrows()
    {
        await using var server = await ApiServer.StartAsync(
            "--INACTIVITY_TIMEOUT_SECONDS=30", "--CLEANUP_INTERVAL_SECONDS=2", "--Logging:LogLevel:Default=Warning",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information");
        await using var users = new ComingAndGoing(server, Users);
        users.Start();
        var (watch, held) = (Stopwatch.StartNew(), new List<Held>());
        while (watch.Elapsed < Length)
        {
            await Pace.PauseAsync(Length / 40);
            held.Add(Held.By(server.ProcessId));
            output.WriteLine($"{watch.Elapsed.TotalSeconds,5:F0} s: {held[^1]}, {users.Done} sessions done");
        }

        await users.StopAsync();
        output.WriteLine(string.Join(", ", users.Answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Key}: {answer.Value}")));
        Assert.True(users.Done > Users, $"Only {users.Done} sessions came and went.");

        // The second and the last quarter: by then everything has its size.
        var (early, late) = (Held.Median(held.Skip(10).Take(10)), Held.Median(held.Skip(30)));
        Assert.True(late.ResidentMiB < (early.ResidentMiB * 1.25) + 30, $"Memory grew: {early}, then {late}.");
        Assert.True(late.Files < early.Files + 50, $"Open files grew: {early}, then {late}.");
        Assert.True(late.Sockets < early.Sockets + 50, $"Sockets grew: {early}, then {late}.");
        await Invariants.NothingIsLeftAsync(server);
    }

    /// <summary>What a process holds.</summary>
    private sealed record Held(double ResidentMiB, int Files, int Sockets)
    {
        public static Held By(int processId)
        {
            using var process = Process.GetProcessById(processId);
            var files = Directory.GetFileSystemEntries($"/proc/{processId}/fd");
            var sockets = files.Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
            return new Held(Math.Round(process.WorkingSet64 / 1_048_576.0, 1), files.Length, sockets);
        }

        public static Held Median(IEnumerable<Held> some)
        {
            var all = some.ToList();
            return new Held(
                all.Select(h => h.ResidentMiB).Order().ElementAt(all.Count / 2),
                all.Select(h => h.Files).Order().ElementAt(all.Count / 2),
                all.Select(h => h.Sockets).Order().ElementAt(all.Count / 2));
        }
    }
}
