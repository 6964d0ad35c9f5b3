// Outcome: graded: tried to include /dev/zero
#include "/dev/zero"
int main(void)
{
    return 0;
}
