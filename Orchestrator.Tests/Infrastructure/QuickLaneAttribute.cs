using System.Globalization;
using System.Reflection;
using Orchestrator.Tests.Infrastructure;
using Xunit.v3;

[assembly: QuickLane]

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// The lane of the tests that ask <see cref="Components"/> for nothing: they need only the SDK. With
/// <c>ORCHESTRATOR_QUICK=1</c>, as <c>./orchestrator test --quick</c> sets it, asking skips the test, and a test that starts
/// a program without asking fails. Tests run beside one another, so the failure names each that it may have been.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class QuickLaneAttribute : BeforeAfterTestAttribute
{
    /// <summary>Whether only quick tests run.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("ORCHESTRATOR_QUICK") == "1";

    private static readonly Lock Gate = new();
    private static readonly List<string> Running = [];
    private static long _seen = FaultsOfChildren();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (IsOn)
        {
            lock (Gate)
            {
                Running.Add(test.TestDisplayName);
            }
        }
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!IsOn)
        {
            return;
        }

        lock (Gate)
        {
            var suspects = string.Join(", ", Running);
            Running.Remove(test.TestDisplayName);
            var before = _seen;
            _seen = FaultsOfChildren();
            Assert.True(before == _seen, $"A program was started by one of: {suspects}. Start it with Subprocess.Start, or call Components.RequireSubprocesses() first.");
        }
    }

    // Linux, proc(5), /proc/PID/stat: the 11th field counts the page faults of the children that ended.
    private static long FaultsOfChildren()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        var stat = File.ReadAllText("/proc/self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[8], CultureInfo.InvariantCulture);
    }
}
