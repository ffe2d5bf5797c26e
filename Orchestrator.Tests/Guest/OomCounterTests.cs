using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest;

public sealed class OomCounterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0::/a/b", "a/b/memory.events", "low 0\noom 5\noom_kill {0}\noom_group_kill 0\n")]
    [InlineData("0::/elsewhere", "memory.events", "oom_kill {0}\n")]
    [InlineData("5:cpu,cpuacct:/\n3:memory:/a", "memory/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill {0}\n")]
    [InlineData("3:memory:/docker/1", "memory/memory.oom_control", "oom_kill {0}\n")]
    public void HasRisen_OfEitherVersion_IsSeen(string memberships, string file, string text)
    {
        var path = Path.Combine(_folder.Path, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Format(null, text, 3));
        File.WriteAllText(Path.Combine(_folder.Path, "self"), memberships);
        var counter = OomCounter.Start(_folder.Path, Path.Combine(_folder.Path, "self"));
        Assert.False(counter.HasRisen());

        File.WriteAllText(path, string.Format(null, text, 4));

        Assert.True(counter.HasRisen());
    }

    [Fact]
    public void HasRisen_WithoutACounter_IsFalse() =>
        Assert.False(OomCounter.Start(_folder.Path, "/proc/self/cgroup").HasRisen());
}
